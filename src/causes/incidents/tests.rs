use super::*;
use crate::attribution::Mechanism;
use crate::causes::Harmless;
use crate::causes::around::Connection;
use crate::evidence::Confidence;
use crate::tcp::{Duration, Endpoint, FrameNumber};

const SERVER: [u8; 4] = [198, 51, 100, 5];

fn at(millis: i64) -> Timestamp {
    Timestamp::from_nanos(1_000_000_000).plus(Duration::from_millis(millis))
}

/// A flow that began and ended at these milliseconds.
fn fate(flow: u64, cause: Cause, began: i64, ended: i64) -> Fate {
    Fate {
        flow,
        cause: Some(cause),
        confidence: Confidence::Likely,
        client: Endpoint::v4([192, 0, 2, 1], 40_000 + u16::try_from(flow).expect("few flows")),
        server: Endpoint::v4(SERVER, 443),
        ipv6: false,
        began: Some(at(began)),
        ended: Some(at(ended)),
        gap: None,
        moved: false,
        by_client: false,
        sender: None,
        hops: None,
        name: None,
        harmless: None,
    }
}

/// The same as the other flows see it.
fn connection(flow: u64, began: i64, ended: Option<i64>, mechanism: Option<Mechanism>) -> Connection {
    Connection {
        flow,
        client: Endpoint::v4([192, 0, 2, 1], 0).address,
        server: Endpoint::v4(SERVER, 443),
        began: at(began),
        ended: ended.map(at),
        frame: FrameNumber::FIRST,
        reset: None,
        accepted: mechanism != Some(Mechanism::NoListener),
        has_data: true,
        sender: None,
        mechanism,
        is_sure: true,
        by_client: false,
        pause: None,
    }
}

fn around(connections: impl IntoIterator<Item = Connection>) -> Around {
    let mut around = Around::default();
    connections.into_iter().for_each(|connection| around.add(Some(connection)));
    around
}

/// The incidents, however many threads look for them.
fn of_all(fates: &[Fate], around: &Around) -> Vec<Incident> {
    let found = incidents(fates, around, 1);
    let outages = |threads| outage::find(fates, around, threads);
    assert_eq!(outages(3), outages(1));
    found
}

/// Titles and flows.
fn told(fates: &[Fate], around: &Around) -> Vec<(String, Vec<u64>)> {
    of_all(fates, around).into_iter().map(|incident| (incident.title, incident.flows)).collect()
}

fn alone(fates: &[Fate]) -> Vec<(String, Vec<u64>)> {
    told(fates, &Around::default())
}

#[test]
fn an_incident_is_as_sure_as_its_surest_flow() {
    let sure = |confidence, flow| Fate { confidence, ..fate(flow, Cause::BacklogOverflow, 0, 10) };
    let of = |words: [Confidence; 2]| {
        let fates: Vec<_> = words.into_iter().zip(1..).map(|(word, flow)| sure(word, flow)).collect();
        of_all(&fates, &Around::default())[0].confidence
    };
    assert_eq!(of([Confidence::Possible; 2]), Confidence::Possible);
    assert_eq!(of([Confidence::Possible, Confidence::Certain]), Confidence::Certain);
}

#[test]
fn flows_of_one_cause_need_company_that_is_near() {
    use Cause::{BacklogOverflow, ClientAbort};
    assert_eq!(alone(&[]), []);
    assert_eq!(alone(&[fate(1, BacklogOverflow, 0, 10)]), []);
    let title = "The accept queue of 198.51.100.5:443 was full".to_owned();
    assert_eq!(
        alone(&[fate(1, BacklogOverflow, 0, 10), fate(2, BacklogOverflow, 0, 20)]),
        [(title.clone(), vec![1, 2])]
    );
    // Too far apart in time, or of another server, or for another reason.
    assert_eq!(alone(&[fate(1, BacklogOverflow, 0, 10), fate(2, BacklogOverflow, 0, 400_000)]), []);
    let elsewhere = Fate { server: Endpoint::v4(SERVER, 80), ..fate(2, BacklogOverflow, 0, 20) };
    assert_eq!(alone(&[fate(1, BacklogOverflow, 0, 10), elsewhere]), []);
    assert_eq!(alone(&[fate(1, BacklogOverflow, 0, 10), Fate { cause: None, ..fate(2, ClientAbort, 0, 20) }]), []);
    // What harmed nobody counts only where that is the point.
    let harmless = Fate { harmless: Some(Harmless::HealthCheck), ..fate(2, BacklogOverflow, 0, 20) };
    assert_eq!(alone(&[fate(1, BacklogOverflow, 0, 10), harmless]), []);
    // Without times nothing speaks against it.
    let timeless = |flow| Fate { began: None, ended: None, ..fate(flow, BacklogOverflow, 0, 0) };
    assert_eq!(alone(&[timeless(1), timeless(2)]), [(title, vec![1, 2])]);
}

#[test]
fn idle_timers_are_told_apart_by_their_length() {
    let idle = |flow: u64, seconds: i64| Fate {
        gap: Some(Duration::from_millis(seconds * 1000 + flow as i64 * 50)),
        ..fate(flow, Cause::IdleTimeoutMiddlebox, 0, flow as i64 * 100_000)
    };
    let found =
        of_all(&[idle(1, 350), idle(2, 350), idle(3, 60), idle(4, 350), idle(5, 60), idle(6, 900)], &Around::default());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].title, "A device on the path ends connections that are idle for 350.1 to 350.2 s");
    assert_eq!((&found[0].flows, &found[1].flows), (&vec![1, 2, 4], &vec![3, 5]));
    assert!(found[0].explanation.contains("default of "), "{}", found[0].explanation);
    assert!(!found[0].explanation.contains("one moment"), "{}", found[0].explanation);
}

#[test]
fn harm_comes_first_and_harmless_last() {
    let check = |flow: u64| Fate {
        harmless: Some(Harmless::HealthCheck),
        by_client: true,
        ..fate(flow, Cause::HealthCheck, flow as i64 * 1000, 0)
    };
    let mut fates: Vec<Fate> = (1..=9).map(check).collect();
    fates.extend((10..=11).map(|flow| fate(flow, Cause::BacklogOverflow, 0, 5)));
    fates.extend((12..=14).map(|flow| Fate { by_client: true, ..fate(flow, Cause::ClientAbort, 0, 5) }));
    let found = of_all(&fates, &Around::default());
    let causes: Vec<_> = found.iter().map(|incident| (incident.cause, incident.harmed)).collect();
    assert_eq!(causes, [(Cause::ClientAbort, 3), (Cause::BacklogOverflow, 2), (Cause::HealthCheck, 0)]);
    assert!(found[2].explanation.contains("one every 1.0 s"), "{}", found[2].explanation);
}

#[test]
fn an_outage_has_ends_refusals_and_a_return() {
    use Cause::{RefusedNoListener, ServerRestart};
    let fates = [
        fate(1, ServerRestart, 0, 1000),
        fate(2, ServerRestart, 10, 1001),
        fate(3, RefusedNoListener, 1500, 1501),
        Fate { confidence: Confidence::Certain, ..fate(4, RefusedNoListener, 2500, 2501) },
    ];
    let until = |back: Option<i64>| {
        let refused = Some(Mechanism::NoListener);
        let all = [
            connection(1, 0, Some(1000), None),
            connection(2, 10, Some(1001), None),
            connection(3, 1500, None, refused),
            connection(4, 2500, None, refused),
        ];
        around(all.into_iter().chain(back.map(|back| connection(5, back, None, None))))
    };
    let back = of_all(&fates, &until(Some(3400)));
    assert_eq!(back[0].title, "198.51.100.5:443 went down for 2.4 s");
    // That a refusal is certain says nothing of a restart.
    assert_eq!(back[0].confidence, Confidence::Likely);
    assert_eq!((back.len(), &back[0].flows, back[0].last), (1, &vec![1, 2, 3, 4], Some(at(3400))));
    assert!(back[0].explanation.starts_with("2 connections ended within 1 ms. 2 new connections were refused"));
    assert_eq!(told(&fates, &until(None))[0].0, "198.51.100.5:443 went down");
    // Only refusals, and never anything else: nothing was there to go down.
    let refused: Vec<Fate> = (1..=3).map(|flow| fate(flow, RefusedNoListener, flow as i64, 9)).collect();
    let closed = around((1..=3).map(|flow| connection(flow, flow as i64, None, Some(Mechanism::NoListener))));
    assert_eq!(told(&refused, &closed)[0].0, "Nothing listens on 198.51.100.5:443");
    // An older connection lives on, so the service does.
    let older = around(
        [connection(9, 0, None, None)]
            .into_iter()
            .chain((1..=3).map(|flow| connection(flow, flow as i64, None, Some(Mechanism::NoListener)))),
    );
    assert_eq!(told(&refused, &older)[0].0, "198.51.100.5:443 refuses some connections and grants others");
}

#[test]
fn a_limit_is_told_with_its_number_and_a_rate_with_its_figures() {
    let open = (1..=4).map(|flow| connection(flow, flow as i64, None, None));
    let turned_away = (5..=7).map(|flow| connection(flow, 100 + flow as i64, Some(110), None));
    let around = around(open.chain(turned_away));
    let of = |cause| (5..=7).map(|flow| fate(flow, cause, 100 + flow as i64, 110)).collect::<Vec<_>>();
    let limit = of_all(&of(Cause::ConnectionLimit), &around);
    assert_eq!(limit[0].title, "198.51.100.5:443 takes 4 connections and turns away the others");
    let rate = of_all(&of(Cause::RateLimited), &around);
    assert!(rate[0].explanation.contains("attempt 5 within 1.0 s"), "{}", rate[0].explanation);
}

#[test]
fn names_that_a_filter_refused_are_listed() {
    let asked = |flow, name: &str| Fate { name: Some(name.into()), ..fate(flow, Cause::InjectedContentFilter, 0, 5) };
    let found = of_all(&[asked(1, "b.example"), asked(2, "a.example"), asked(3, "b.example")], &Around::default());
    assert!(found[0].explanation.contains("asked for \"a.example\" and \"b.example\"."), "{}", found[0].explanation);
}

/// Every cause can be an incident, with something to say and a full stop.
#[test]
fn every_cause_has_words() {
    for &cause in Cause::ALL {
        let fates: Vec<Fate> = (1..=4)
            .map(|flow| Fate { gap: Some(Duration::from_secs(60)), ..fate(flow, cause, 0, flow as i64 * 400) })
            .collect();
        for incident in of_all(&fates, &Around::default()) {
            let text = &incident.explanation;
            assert!(text.ends_with('.') && !text.contains("  ") && !text.contains("()"), "{cause}: {text}");
            assert!(!incident.title.is_empty() && !incident.title.ends_with('.'), "{cause}: {}", incident.title);
        }
    }
}

/// A connection that was answered, as the capture's other flows see it.
fn learn_answered(around: &mut Around, client: u8, name: &str) {
    let text = format!(
        "0 c S 0 client {client}\n10 s SA 0 ack 1 client {client}\n11 c A 1 ack 1 client {client}\n\
         12 c PA 1 ack 1 len 9 client {client}\n22 s PA 1 ack 10 len 9 client {client}"
    );
    let scene = crate::attribution::testing::Scene::of(&text);
    around.learn_good(scene.flow(0), Some(name.to_owned()));
}

#[test]
fn a_content_filter_is_told_with_the_names_that_it_lets_through() {
    let refused = |flow| Fate {
        name: Some("bad.example".into()),
        client: Endpoint::v4([192, 0, 2, 1], 40_000),
        began: Some(Timestamp::from_nanos(50_000_000)),
        ended: Some(Timestamp::from_nanos(90_000_000)),
        ..fate(flow, Cause::InjectedContentFilter, 0, 0)
    };
    let explained = |around: &Around| {
        let incident = of_all(&[refused(1), refused(2)], around).pop().expect("an incident");
        incident.explanation
    };
    let mut around = Around::default();
    learn_answered(&mut around, 1, "good.example");
    learn_answered(&mut around, 1, "fine.example");
    // No name that a host can have.
    learn_answered(&mut around, 1, "no name\" at all");
    let text = explained(&around);
    assert!(
        text.contains("asked for \"bad.example\". It let \"fine.example\" and \"good.example\" through."),
        "{text}"
    );
    assert!(!text.contains("at all") && !text.contains("Other connections"), "{text}");
    learn_answered(&mut around, 1, "bad.example");
    let text = explained(&around);
    assert!(text.contains("Other connections that asked for \"bad.example\" were answered"), "{text}");
    assert!(!explained(&Around::default()).contains("through"));
    // Where nobody was refused by name, what passed by name tells nothing.
    let nameless = [1, 2].map(|flow| Fate { name: None, ..refused(flow) });
    let incident = of_all(&nameless, &around).pop().expect("an incident");
    assert!(!incident.explanation.contains("example"), "{}", incident.explanation);
}
