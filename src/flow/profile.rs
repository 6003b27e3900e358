use super::connection::Flow;
use super::endpoint::Ended;
use super::way::Way;
use crate::tcp::{FrameNumber, LinkTag, Timestamp};

/// One endpoint of a flow in little: what others can be compared with. Copies apart.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// Its first time to live on arrival and the first other one, each with its first frame. Resets do not count.
    pub ttls: [Option<(u8, FrameNumber)>; 2],
    /// The first source address of its link headers and the first other one. Resets do not count, and of segments in the
    /// middle of a stream only those that are odd in some way.
    pub links: [Option<LinkTag>; 2],
    /// Its SYN-ACK, where that was the first of the flow.
    pub accepted: Option<(Timestamp, FrameNumber)>,
    /// Its first FIN or RST.
    pub ended: Option<Ended>,
}

impl Profile {
    /// That of the endpoint that sends this way. Whoever needs a part of it does not pay for the rest.
    #[inline]
    pub fn of(flow: &Flow, way: Way) -> Self {
        let (end, rare) = (&flow.ends[way], flow.rare(way));
        let spoke = flow.stream.sides[way].ttl().is_some();
        let link = |tag: LinkTag| Some(tag).filter(|tag| tag.is_some());
        Self {
            ttls: [end.first_ttl(flow.first_frame).filter(|_| spoke), rare.and_then(|rare| rare.other_ttl)],
            links: [link(end.link()), rare.and_then(|rare| link(rare.other_link))],
            accepted: flow.accepted().filter(|(by, ..)| *by == way).map(|(_, time, frame)| (time, frame)),
            ended: end.ended(flow.first_frame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::segment;
    use super::super::way::Pair;
    use super::super::{FlowTable, Limits};
    use super::*;
    use crate::tcp::{Device, Segment, SeqNum, TcpFlags};

    /// The only flow.
    fn flow(segments: &[Segment]) -> Flow {
        let mut table = FlowTable::new(Limits::within(1 << 24, false, 0));
        let mut keyer = table.keyer();
        segments.iter().for_each(|segment| table.segments(&[*segment], &[keyer.key(segment)]));
        let flows = table.finish();
        assert_eq!(flows.len(), 1);
        flows.iter().next().expect("one flow").clone()
    }

    /// Those of both its ends.
    fn profiles(segments: &[Segment]) -> Pair<Profile> {
        let flow = flow(segments);
        Pair { forward: Profile::of(&flow, Way::Forward), back: Profile::of(&flow, Way::Back) }
    }

    fn forward(frame: u64, flags: TcpFlags) -> Segment {
        Segment { flags, ip_id: Some(frame as u16), ..segment(frame, frame as i64 * 1000) }
    }

    fn back(frame: u64, flags: TcpFlags) -> Segment {
        let mut one = Segment { ttl: 57, ack: SeqNum(1001), ..forward(frame, flags) };
        std::mem::swap(&mut one.source, &mut one.destination);
        one
    }

    fn device(octet: u8) -> Device {
        Device::new(&[2, 0, 0, 0, 0, octet], false)
    }

    fn link(octet: u8) -> LinkTag {
        device(octet).link()
    }

    fn ttls(side: &Profile) -> Vec<(u8, u64)> {
        side.ttls.iter().flatten().map(|(ttl, frame)| (*ttl, frame.get())).collect()
    }

    const SYN_ACK: TcpFlags = TcpFlags::SYN.union(TcpFlags::ACK);

    #[test]
    fn the_first_answer_and_the_first_ending_of_each_side() {
        let all = [
            forward(10, TcpFlags::SYN),
            back(12, SYN_ACK),
            Segment { ttl: 9, ..forward(13, TcpFlags::FIN) },
            Segment { ttl: 200, ..forward(14, TcpFlags::RST) },
            Segment { seq: SeqNum(0), ..back(25, TcpFlags::RST) },
        ];
        let Pair { forward, back } = profiles(&all);
        assert_eq!(back.accepted.map(|(time, frame)| (Some(time), frame.get())), Some((all[1].time, 12)));
        assert_eq!(forward.accepted, None);
        let told = |side: &Profile| side.ended.map(|ended| (ended.frame.get(), ended.flags, ended.seq_is_zero));
        assert_eq!(told(&forward), Some((13, TcpFlags::FIN, false)));
        assert_eq!(told(&back), Some((25, TcpFlags::RST, true)));
        assert_eq!(ttls(&forward), [(64, 10), (9, 13)], "a reset's time to live is no habit");
    }

    #[test]
    fn copies_teach_nothing() {
        let syn = forward(1, TcpFlags::SYN);
        let mut copy = Segment { ttl: 3, device: device(9), ..syn };
        copy.frame = syn.frame.next();
        let told = profiles(&[syn, copy, back(3, SYN_ACK)]);
        assert_eq!((ttls(&told.forward), ttls(&told.back)), (vec![(64, 1)], vec![(57, 3)]));
        assert_eq!(told.forward.links, [None, None]);
    }

    #[test]
    fn devices_are_told_by_the_first_and_the_first_other_address() {
        let mut all =
            [1u8, 1, 2, 3].map(|octet| Segment { device: device(octet), ..forward(octet.into(), TcpFlags::SYN) });
        for (place, one) in all.iter_mut().enumerate() {
            one.frame = FrameNumber::new(place as u64 + 1).expect("a number");
            one.ip_id = Some(place as u16 + 1);
        }
        all[2].device = Device::new(&[2, 0, 0, 0, 0, 2], true);
        let told = profiles(&all);
        assert_eq!(told.forward.links, [Some(link(1)), Some(link(2))]);
        assert_eq!((flow(&all).outgoing(), told.back.links), (Some(Way::Forward), [None, None]));
        assert_eq!(Device::new(&[0; 6], true).link(), LinkTag::NONE);
        // A reset alone: nothing is known of its sender but that it ended the connection.
        let reset = profiles(&[Segment { device: device(1), ..forward(1, TcpFlags::RST) }]).forward;
        assert_eq!((ttls(&reset), reset.links, reset.ended.is_some()), (vec![], [None, None], true));
    }

    #[test]
    fn frames_are_told_by_their_distance() {
        use super::super::endpoint::{at, behind};
        let begun = FrameNumber::new(7).expect("a number");
        let far = FrameNumber::new(7 + u64::from(u32::MAX)).expect("a number");
        assert_eq!(at(begun, behind(begun, begun)), Some(begun));
        let near = FrameNumber::new(6 + u64::from(u32::MAX)).expect("a number");
        assert_eq!(at(begun, behind(begun, near)), Some(near));
        assert_eq!(at(begun, behind(begun, far)), None, "too far to be told is not told");
    }
}
