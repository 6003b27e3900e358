use super::*;
use crate::tcp::{Device, Endpoint, FrameNumber, PathId, SeqNum, TcpOptions};

/// A port that no analyser of Zeek claims.
const NOBODY: u16 = 9;

/// A segment as one line, `time way flags first:end(length) [ack number] [win size] [cut]`, in the manner of packetdrill.
fn parse(line: &str, ports: (u16, u16)) -> (Way, Segment) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let after = |word: &str| {
        let at = words.iter().position(|&w| w == word)?;
        Some(words[at + 1].parse::<u32>().unwrap())
    };
    let way = if words[1] == ">" { Way::Forward } else { Way::Back };
    let flags = words[2].chars().map(|letter| match letter {
        'S' => TcpFlags::SYN,
        'F' => TcpFlags::FIN,
        'R' => TcpFlags::RST,
        'P' => TcpFlags::PSH,
        '.' => TcpFlags::ACK,
        other => panic!("no flag {other}"),
    });
    let (first, rest) = words[3].split_once(':').unwrap();
    let (end, length) = rest.trim_end_matches(')').split_once('(').unwrap();
    let (first, end, length): (u32, u32, u32) = (first.parse().unwrap(), end.parse().unwrap(), length.parse().unwrap());
    assert_eq!(first.wrapping_add(length), end, "{line}");
    let here = Endpoint::v4([10, 0, 0, 1], ports.0);
    let there = Endpoint::v4([10, 0, 0, 2], ports.1);
    let (source, destination) = if way == Way::Forward { (here, there) } else { (there, here) };
    let time = words[0].parse::<f64>().ok().map(|seconds| Timestamp::from_nanos((seconds * 1e9) as i64));
    let segment = Segment {
        frame: FrameNumber::FIRST,
        time,
        source,
        destination,
        ipv6: false,
        seq: SeqNum(first),
        ack: SeqNum(after("ack").unwrap_or(0)),
        flags: flags.fold(TcpFlags::default(), TcpFlags::union),
        window: Some(after("win").unwrap_or(100) as u16),
        payload_len: length,
        captured_payload: if words.contains(&"cut") { 0 } else { length },
        options: TcpOptions::default(),
        options_complete: true,
        ttl: 64,
        tos: 0,
        ip_id: None,
        dont_fragment: true,
        path: PathId::PLAIN,
        device: Device::UNKNOWN,
        input: 0,
        input_frame: FrameNumber::FIRST,
    };
    (way, segment)
}

fn follow_between(ports: (u16, u16), trace: &str) -> ZeekConn {
    let mut segments = trace.lines().filter(|line| !line.trim().is_empty()).map(|line| parse(line, ports));
    let (way, first) = segments.next().unwrap();
    assert_eq!(way, Way::Forward);
    let mut conn = ZeekConn::start(&first);
    for (way, segment) in segments {
        conn.segment(way, &segment);
    }
    conn
}

fn follow(trace: &str) -> ZeekConn {
    follow_between((40000, NOBODY), trace)
}

/// A trace and what Zeek says of it, as `conn_state history`.
fn check(trace: &str, expected: &str) {
    let conn = follow(trace);
    assert_eq!(format!("{} {}", conn.conn_state(), conn.history()), expected);
    assert!(!conn.ended());
}

fn check_between(ports: (u16, u16), trace: &str, expected: &str) {
    let conn = follow_between(ports, trace);
    assert_eq!(format!("{} {}", conn.conn_state(), conn.history()), expected);
}

/// A trace behind a handshake: originator and responder are both at 1.
fn established(trace: &str) -> String {
    format!("0 > S 0:0(0)\n0 < S. 0:0(0) ack 1\n0 > . 1:1(0) ack 1\n{trace}")
}

mod states {
    use super::*;

    #[test]
    fn s0_syn_without_answer() {
        check("0 > S 0:0(0)\n1 > S 0:0(0)\n3 > S 0:0(0)", "S0 S");
    }

    #[test]
    fn s1_established() {
        check(&established(""), "S1 ShA");
    }

    #[test]
    fn sf_both_finish() {
        check(&established("1 > F. 1:1(0) ack 1\n1 < F. 1:1(0) ack 2\n1 > . 2:2(0) ack 2"), "SF ShAFf");
    }

    #[test]
    fn rej_reset_answers_syn() {
        check("0 > S 0:0(0)\n0 < R. 0:0(0) ack 1", "REJ Sr");
    }

    #[test]
    fn rej_both_reset_without_data() {
        check(&established("1 > R 1:1(0)\n1 < R 1:1(0)"), "REJ ShARr");
    }

    #[test]
    fn both_reset_after_data_is_no_rejection() {
        check(&established("1 > P. 1:9(8) ack 1\n1 > R 9:9(0)\n1 < R 1:1(0)"), "RSTR ShADRr");
    }

    #[test]
    fn s2_originator_finishes() {
        check(&established("1 > F. 1:1(0) ack 1\n1 < . 1:1(0) ack 2"), "S2 ShAFa");
    }

    #[test]
    fn s3_responder_finishes() {
        check(&established("1 < F. 1:1(0) ack 1\n1 > . 1:1(0) ack 2"), "S3 ShAf");
    }

    #[test]
    fn rsto_originator_resets() {
        check(&established("1 > R. 1:1(0) ack 1"), "RSTO ShAR");
    }

    #[test]
    fn rstr_responder_resets() {
        check(&established("1 > P. 1:9(8) ack 1\n1 < R 1:1(0)"), "RSTR ShADr");
    }

    #[test]
    fn rstos0_attempt_is_abandoned() {
        check("0 > S 0:0(0)\n1 > R 1:1(0)", "RSTOS0 SR");
    }

    #[test]
    fn abandoned_attempt_with_ack_between_is_other() {
        check("0 > S 0:0(0)\n0 > . 1:1(0) ack 1\n1 > R 1:1(0)", "OTH SAR");
    }

    #[test]
    fn lone_reset_is_other() {
        check("0 > R 7:7(0)", "OTH R");
    }

    #[test]
    fn rstrh_responder_resets_what_was_not_opened() {
        check("0 > P. 1:9(8) ack 1\n0 < R 1:1(0)", "RSTRH Dr");
    }

    #[test]
    fn sh_originator_finishes_alone() {
        check("0 > S 0:0(0)\n1 > F. 1:1(0) ack 1", "SH SF");
    }

    #[test]
    fn shr_responder_finishes_alone() {
        check_between((22, 40000), "0 > S. 0:0(0) ack 1\n0 > P. 1:9(8) ack 1\n1 > F. 9:9(0) ack 1", "SHR ^hdf");
    }

    #[test]
    fn oth_midstream() {
        check("0 > P. 1:9(8) ack 1\n0 < . 1:1(0) ack 9", "OTH Da");
    }

    #[test]
    fn reset_after_both_finished_changes_nothing() {
        check(&established("1 > F. 1:1(0) ack 1\n1 < F. 1:1(0) ack 2\n1 > R 2:2(0)"), "SF ShAFfR");
    }

    #[test]
    fn reset_after_own_fin_counts_until_the_peer_finishes() {
        let so_far = established("1 > F. 1:1(0) ack 1\n1 > R 2:2(0)");
        check(&so_far, "RSTO ShAFR");
        check(&format!("{so_far}\n1 < F. 1:1(0) ack 2"), "SF ShAFRf");
    }

    #[test]
    fn display_is_zeeks() {
        use ConnState::*;
        let all = [S0, S1, Sf, Rej, S2, S3, Rsto, Rstr, Rstos0, Rstrh, Sh, Shr, Oth].map(|state| state.to_string());
        assert_eq!(all.join(" "), "S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH");
    }
}

mod letters {
    use super::*;

    #[test]
    fn data_and_acks_once_each_way() {
        let trace =
            "1 > P. 1:9(8) ack 1\n1 < . 1:1(0) ack 9\n1 < P. 1:9(8) ack 9\n1 > . 9:9(0) ack 9\n1 > P. 9:17(8) ack 9";
        check(&established(trace), "S1 ShADad");
    }

    #[test]
    fn fin_with_data_is_only_a_fin() {
        check(&established("1 > FP. 1:9(8) ack 1"), "S2 ShAF");
    }

    #[test]
    fn copies_are_retransmissions_only_with_data() {
        let trace = "1 > P. 1:9(8) ack 1\n1 > P. 1:9(8) ack 1\n1 > . 9:9(0) ack 1\n1 > . 9:9(0) ack 1";
        check(&established(trace), "S1 ShADT");
    }

    #[test]
    fn keep_alive_octet_is_a_retransmission() {
        check(&established("1 > P. 1:9(8) ack 1\n1 < . 1:1(0) ack 9\n2 > . 8:9(1) ack 1"), "S1 ShADaT");
    }

    #[test]
    fn retransmissions_are_told_by_powers_of_ten() {
        let trace = "1 < P. 1:9(8) ack 1\n".repeat(1 + 99);
        check(&established(&trace), "S1 ShAdtt");
        let trace = "1 < P. 1:9(8) ack 1\n".repeat(1 + 100);
        check(&established(&trace), "S1 ShAdttt");
    }

    #[test]
    fn counts_beyond_a_word_are_told_too() {
        let mut conn = follow(&established("1 < P. 1:9(8) ack 1"));
        let (way, again) = parse("1 < P. 1:9(8) ack 1", (40000, NOBODY));
        for _ in 0..99_999 {
            conn.segment(way, &again);
        }
        assert_eq!(conn.history(), "ShAdttttt");
        conn.segment(way, &again);
        assert_eq!(conn.history(), "ShAdtttttt");
    }

    #[test]
    fn zero_windows() {
        check(&established("1 < . 1:1(0) ack 1 win 0"), "S1 ShAaw");
        check(&established("1 > . 1:1(0) ack 1 win 0"), "S1 ShAW");
    }

    #[test]
    fn zero_windows_of_resets_and_towards_a_finished_peer_are_none() {
        check(&established("1 > R. 1:1(0) ack 1 win 0"), "RSTO ShAR");
        check(&established("1 > F. 1:1(0) ack 1\n1 < . 1:1(0) ack 2 win 0"), "S2 ShAFa");
        check(&established("1 > R 1:1(0)\n1 > . 1:1(0) ack 1 win 0"), "RSTO ShAR");
    }

    #[test]
    fn fin_with_reset_is_inconsistent() {
        check(&established("1 < FR. 1:1(0) ack 1\n1 < FR. 1:1(0) ack 1"), "RSTR ShAi");
        check(&established("1 > FR. 1:1(0) ack 1"), "RSTO ShAI");
    }

    #[test]
    fn syn_with_fin_or_reset_is_multi_flag() {
        check("0 > SF 0:0(0)", "SH Q");
        check("0 > SR 0:0(0)", "OTH Q");
        check("0 > S 0:0(0)\n0 < SR. 0:0(0) ack 1", "RSTR Sq");
    }

    #[test]
    fn other_numbers_repeat_the_letter_and_the_same_do_not() {
        check("0 > S 0:0(0)\n0 < S. 0:0(0) ack 1\n0 < S. 0:0(0) ack 1", "S1 Sh");
        check(&established("1 > R 1:1(0)\n1 > R 1:1(0)\n1 > R 9:9(0)\n1 > R 1:1(0)"), "RSTO ShARRR");
        check(&established("1 > F. 1:1(0) ack 1\n1 > F. 1:1(0) ack 1\n1 > F. 5:5(0) ack 1"), "S2 ShAFF");
        check(&established("1 > R 0:0(0)\n1 > R 0:0(0)"), "RSTO ShAR");
    }

    #[test]
    fn a_fin_between_inconsistent_ones_is_remembered() {
        let trace = "1 > F. 1:1(0) ack 1\n1 > FR. 7:7(0) ack 1\n1 > F. 1:1(0) ack 1\n1 > F. 7:7(0) ack 1";
        check(&established(trace), "RSTO ShAFIF");
    }

    #[test]
    fn a_history_of_any_length() {
        let resets: String = (0..30).map(|at| format!("1 > R {at}:{at}(0)\n")).collect();
        check(&established(&resets), &format!("RSTO ShA{}", "R".repeat(30)));
    }
}

mod gaps {
    use super::*;

    #[test]
    fn acknowledged_and_not_captured() {
        check(&established("1 > P. 1:9(8) ack 1\n1 < . 1:1(0) ack 100"), "S1 ShADaG");
        check(&established("1 < P. 9:17(8) ack 1\n1 > . 1:1(0) ack 17"), "S1 ShAdg");
    }

    #[test]
    fn each_hole_is_one() {
        let holes =
            |n: u32| (1..=n).map(|i| format!("1 < P. {}:{}(2) ack 1\n", 1 + i * 4, 3 + i * 4)).collect::<String>();
        check(&established(&format!("{}1 > . 1:1(0) ack 39", holes(9))), "S1 ShAdg");
        check(&established(&format!("{}1 > . 1:1(0) ack 43", holes(10))), "S1 ShAdgg");
    }

    #[test]
    fn out_of_order_is_none() {
        let trace = "1 > P. 9:17(8) ack 1\n1 > P. 1:9(8) ack 1\n1 < . 1:1(0) ack 17";
        check(&established(trace), "S1 ShADTa");
    }

    #[test]
    fn data_captured_after_its_acknowledgement_is_one() {
        check(&established("1 < . 1:1(0) ack 9\n1 > P. 1:9(8) ack 1"), "S1 ShAaGD");
    }

    #[test]
    fn payload_cut_by_the_snap_length_is_one() {
        check(&established("1 > P. 1:9(8) ack 1 cut\n1 < . 1:1(0) ack 9"), "S1 ShADaG");
    }

    #[test]
    fn none_without_a_handshake() {
        check("0 > P. 1:9(8) ack 1\n0 < . 1:1(0) ack 9\n0 > P. 99:107(8) ack 1\n0 < . 1:1(0) ack 107", "OTH Da");
    }

    #[test]
    fn none_by_the_number_of_a_reset() {
        check(&established("1 < R. 1:1(0) ack 1000"), "RSTR ShAr");
    }

    #[test]
    fn the_number_of_a_fin_is_no_data() {
        check(&established("1 > FP. 1:9(8) ack 1\n1 < . 1:1(0) ack 10"), "S2 ShAFa");
    }

    #[test]
    fn stream_whose_acks_are_not_captured_is_given_up() {
        let far = "1 < . 20000:20008(8) ack 1\n1 > . 1:1(0) ack 20008";
        check(&established(far), "S1 ShAd");
        let near = "1 < . 10000:10008(8) ack 1\n1 > . 1:1(0) ack 10008";
        check(&established(near), "S1 ShAdg");
    }
}

mod roles {
    use super::*;

    #[test]
    fn answer_from_a_server_port() {
        let trace = "0 > S. 0:0(0) ack 1\n0 < . 1:1(0) ack 1\n0 < P. 1:9(8) ack 1";
        check_between((443, 40000), trace, "S1 ^hAD");
    }

    #[test]
    fn upper_case_letters_are_the_originators() {
        let way = |ports, trace| follow_between(ports, trace).originator_way();
        assert_eq!(way((40000, 80), "0 > S 0:0(0)"), Way::Forward);
        assert_eq!(way((80, 40000), "0 > S. 0:0(0) ack 1"), Way::Back);
        assert_eq!(way((NOBODY, 40000), "0 > S. 0:0(0) ack 1\n0 < . 1:1(0) ack 1"), Way::Back);
    }

    #[test]
    fn midstream_from_a_server_port() {
        check_between((80, 40000), "0 > P. 1:9(8) ack 1", "OTH ^d");
        check_between((40000, 80), "0 > P. 1:9(8) ack 1", "OTH D");
        check_between((NOBODY, 40000), "0 > P. 1:9(8) ack 1", "OTH D");
    }

    #[test]
    fn a_request_is_never_turned_round() {
        check_between((80, 40000), "0 > S 0:0(0)", "S0 S");
    }

    #[test]
    fn between_two_server_ports_the_lower_one_serves() {
        check_between((80, 8080), "0 > P. 1:9(8) ack 1", "OTH ^d");
        check_between((8080, 80), "0 > P. 1:9(8) ack 1", "OTH D");
        check_between((80, 8080), "0 > S. 0:0(0) ack 1", "OTH H");
    }

    #[test]
    fn ack_or_data_tell_an_answer_from_a_scan() {
        check("0 > S. 0:0(0) ack 1", "OTH H");
        check("0 > S. 0:0(0) ack 1\n0 < R 1:1(0)", "REJ Hr");
        check("0 > S. 0:0(0) ack 1\n0 > . 1:1(0) ack 1\n1 > F. 1:1(0) ack 1", "SHR ^haf");
        check("0 > S. 0:0(0) ack 1\n0 < P. 1:9(8) ack 1\n1 < F. 9:9(0) ack 1\n1 > F. 1:1(0) ack 10", "SF ^hDFf");
    }

    #[test]
    fn request_captured_after_its_answer() {
        check("0 > S. 0:0(0) ack 1\n0 < S 0:0(0)\n0 < . 1:1(0) ack 1", "S1 Hs^A");
    }

    #[test]
    fn acknowledgement_before_the_answer() {
        check("0 > S 0:0(0)\n0 < . 5:5(0) ack 1\n0 < S. 5:5(0) ack 1", "S1 Sah");
    }
}

mod ends {
    use super::*;

    fn ended(trace: &str) -> bool {
        follow(trace).ended()
    }

    #[test]
    fn unanswered_attempt_ends_after_5_s() {
        assert!(!ended("0 > S 0:0(0)\n3 > S 0:0(0)\n4.9 > S 0:0(0)"));
        assert!(ended("0 > S 0:0(0)\n3 > S 0:0(0)\n5 > S 0:0(0)"));
    }

    #[test]
    fn values_stay_after_the_end() {
        let conn = follow("0 > S 0:0(0)\n6 < S. 0:0(0) ack 1\n6 > . 1:1(0) ack 1");
        assert_eq!((conn.conn_state(), conn.history().as_str()), (ConnState::S0, "S"));
    }

    #[test]
    fn closed_connection_ends_5_s_after_its_close() {
        let closed = established("1 > F. 1:1(0) ack 1\n1 < F. 1:1(0) ack 2\n4 > . 2:2(0) ack 2\n");
        assert!(!ended(&format!("{closed}5.9 < F. 1:1(0) ack 2")));
        assert!(ended(&format!("{closed}6 < F. 1:1(0) ack 2")));
    }

    #[test]
    fn reset_connection_ends_5_s_after_the_last_reset_side() {
        let reset = established("1 > R 1:1(0)\n");
        assert!(ended(&format!("{reset}6 < P. 1:9(8) ack 1")));
        assert!(!ended(&format!("{reset}5 < R 1:1(0)\n9 > R 1:1(0)")));
    }

    #[test]
    fn finished_and_reset_by_one_side_ends_6_s_after_the_last_segment() {
        let half = established("1 > F. 1:1(0) ack 1\n1 > R 2:2(0)\n4 < P. 1:9(8) ack 2\n");
        assert!(!ended(&format!("{half}9.9 < P. 9:17(8) ack 2")));
        assert!(ended(&format!("{half}10 < P. 9:17(8) ack 2")));
    }

    #[test]
    fn half_closed_connection_lives_on() {
        assert!(!ended(&established("1 > F. 1:1(0) ack 1\n300 < P. 1:9(8) ack 2")));
    }

    #[test]
    fn silence_ends_after_5_minutes() {
        assert!(!ended(&established("299.9 > P. 1:9(8) ack 1\n599 < . 1:1(0) ack 9")));
        assert!(ended(&established("300 > P. 1:9(8) ack 1")));
    }

    #[test]
    fn silence_in_a_login_ends_after_an_hour() {
        let login = |trace: &str| follow_between((40000, 22), &established(trace)).ended();
        assert!(!login("3599 > P. 1:9(8) ack 1"));
        assert!(login("3600 > P. 1:9(8) ack 1"));
    }

    #[test]
    fn reset_that_leaves_a_hole_does_not_close() {
        let trace = established("1 > P. 1:9(8) ack 1\n1 < . 1:1(0) ack 9\n1 > R 500:500(0)\n");
        assert!(!ended(&format!("{trace}299 < P. 1:9(8) ack 9")));
        assert!(ended(&format!("{trace}1 < . 1:1(0) ack 500\n7 < P. 1:9(8) ack 9")));
    }

    #[test]
    fn without_times_nothing_ends() {
        let conn = follow("- > S 0:0(0)\n- > S 0:0(0)\n- < S. 0:0(0) ack 1\n- > R 1:1(0)\n- < R 1:1(0)");
        assert_eq!((conn.ended(), conn.history().as_str()), (false, "ShRr"));
    }

    #[test]
    fn a_clock_that_runs_backwards_ends_nothing() {
        assert!(!ended("1000 > S 0:0(0)\n1 < S. 0:0(0) ack 1\n0 > . 1:1(0) ack 1"));
    }

    #[test]
    fn another_request_is_another_connection() {
        assert!(ended("0 > S 0:0(0)\n1 > S 7:7(0)"));
        assert!(ended(&established("1 > S 7:7(0)")));
        assert!(!ended(&established("1 > S 0:0(0)")));
        assert!(ended(&established("1 > R 1:1(0)\n1 > S 0:0(0)")));
        assert!(ended("0 > S 0:0(0)\n0 < S 9:9(0)"));
    }

    #[test]
    fn another_answer_is_not() {
        assert!(!ended(&established("1 < S. 7:7(0) ack 1")));
    }
}

mod numbers {
    use super::*;

    const LAST: u32 = u32::MAX;

    #[test]
    fn sequence_space_wraps_in_the_data() {
        let trace = format!(
            "0 > S {0}:{0}(0)\n0 < S. 5:5(0) ack {1}\n0 > . {1}:{1}(0) ack 6\n0 > P. {1}:7(8) ack 6\n0 < . 6:6(0) ack 7\n\
             0 > P. 7:15(8) ack 6\n0 < . 6:6(0) ack 15\n0 > P. 7:15(8) ack 6\n0 > F. 15:15(0) ack 6\n0 < F. 6:6(0) ack 16",
            LAST - 1,
            LAST
        );
        check(&trace, "SF ShADaTFf");
    }

    #[test]
    fn the_same_number_on_the_other_side_of_a_wrap_is_another_place() {
        let opened =
            format!("0 > S {0}:{0}(0)\n0 < S. 5:5(0) ack {1}\n0 > . {1}:{1}(0) ack 6\n", 1u32 << 31, (1u32 << 31) + 1);
        check(&format!("{opened}1 > R 2:2(0)\n1 > R 2:2(0)"), "RSTO ShAR");
        check(&format!("{opened}1 > R 2:2(0)\n1 > F. 1:1(0) ack 6\n1 > R 2:2(0)"), "RSTO ShARFR");
        check(&format!("{opened}1 > F. 1:1(0) ack 6\n1 > F. 1:1(0) ack 6"), "S2 ShAFF");
        check(&format!("{opened}1 > F. 9:9(0) ack 6\n1 > F. 9:9(0) ack 6"), "S2 ShAFF");
    }

    #[test]
    fn gap_across_the_wrap() {
        let start = LAST - 9;
        let trace = format!("0 > S {0}:{0}(0)\n0 < S. 5:5(0) ack {1}\n0 < . 6:6(0) ack 90", start, start + 1);
        check(&trace, "S1 ShaG");
    }

    #[test]
    fn hostile_numbers_do_no_harm() {
        let numbers = [0, 1, 2, 1 << 20, 1 << 31, (1 << 31) + 1, LAST - 1, LAST];
        let flags = ["S", "S.", ".", "P.", "F.", "R", "R.", "FR.", "SF", "SR.", "P"];
        let mut random = random();
        for _ in 0..2000 {
            let mut line = |way: &str| {
                let (seq, len) = (numbers[random(8)], [0, 1, 1460, 1 << 31, LAST][random(5)]);
                let cut = if random(4) == 0 { "cut" } else { "" };
                let (kind, ack, win) = (flags[random(11)], numbers[random(8)], random(2));
                format!("{} {way} {kind} {seq}:{}({len}) ack {ack} win {win} {cut}\n", random(9), seq.wrapping_add(len))
            };
            let mut trace = line(">");
            for i in 0..30 {
                trace += &line([">", "<"][i % 2]);
            }
            let conn = follow(&trace);
            assert!(!conn.history().is_empty() || conn.conn_state() == ConnState::Oth);
        }
    }
}

/// Pseudo-random numbers below a bound, the same in every run.
fn random() -> impl FnMut(usize) -> usize {
    let mut seed = 42u64;
    move |below| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % below
    }
}

#[test]
fn a_million_connections_fit() {
    assert!(size_of::<ZeekConn>() <= 112);
    assert!(size_of::<Side>() <= 40);
}
