//! Which of all causes wins: traces with the diagnosis that they must get.

use super::{Around, Candidate, Cause, Story, diagnose};
use crate::attribution::testing::Scene;
use crate::evidence::Confidence;

/// The diagnosis of a trace's only flow: cause, confidence and sentence.
fn told(text: &str) -> Option<(Cause, Confidence, String)> {
    let scene = Scene::of(text);
    let (case, judged) = (scene.case(0), scene.judged());
    let story = Story::new(&case, &judged);
    let mut around = Around::default();
    around.learn(&story);
    let found = diagnose(&story, &around)?;
    Some((found.best.cause, found.confidence, found.best.sentence.into_owned()))
}

const OPEN: &str = "c ttl 60\ns ttl 57\n0 c S 0 win 64240 mss 1460 sackok wscale 7
    20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1
    21 c PA 1 ack 1 len 100\n41 s PA 1 ack 101 len 900\n41.1 c A 101 ack 901\n";

#[test]
fn what_was_before_the_capture_is_not_claimed() {
    let (cause, confidence, sentence) = told("0 c PA 1 ack 1 len 10\n20 s R 1 win 0 id 0").expect("a cause");
    assert_eq!((cause, confidence), (Cause::PeerLostState, Confidence::Possible));
    assert!(sentence.contains("the capture does not show"), "{sentence}");
    let known = format!("{OPEN} 5000 c PA 101 ack 901 len 10\n5020 s R 901 win 0 id 0");
    assert!(told(&known).expect("a cause").2.contains("never closed"));
}

#[test]
fn a_long_rest_is_as_good_a_reason_as_a_restart() {
    let after = |millis: u32| {
        told(&format!("{OPEN} {millis} c PA 101 ack 901 len 10\n{} s R 901 win 0 id 0", millis + 20)).expect("a cause")
    };
    let (cause, confidence, _) = after(900_000);
    assert_eq!((cause, confidence), (Cause::IdleTimeoutMiddlebox, Confidence::Possible));
    assert_eq!(after(100_000).0, Cause::PeerLostState);
}

#[test]
fn who_waits_for_the_rest_of_a_request_has_a_limit() {
    let open = "c ttl 60\ns ttl 57\n0 c S 0 win 64240 mss 1460 sackok wscale 7
        20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1\n";
    for (length, cause) in [(9, Cause::IdleTimeoutEndpoint), (2, Cause::ClosedWithUnreadData)] {
        let request = format!("POST /up HTTP/1.1\\r\\nHost: a.example\\r\\nContent-Length: {length}\\r\\n\\r\\nab");
        // An escape is two characters for one octet.
        let end = request.replace('\\', "").len() + 1;
        let text = format!("{open}21 c PA 1 ack 1 data \"{request}\"\n41 s A 1 ack {end}\n5041 s RA 1 ack {end}");
        let (found, _, sentence) = told(&text).expect("a cause");
        assert_eq!(found, cause, "{sentence}");
        assert_eq!(sentence.contains("the rest of the client's request"), length == 9, "{sentence}");
    }
}

#[test]
fn what_was_repeated_in_vain_is_told() {
    let data =
        "50 s PA 901 ack 101 len 99\n300 s PA 901 ack 101 len 99\n800 s PA 901 ack 101 len 99\n1800 s RA 1000 ack 101";
    let probes = "5000 s A 900 ack 101\n6000 s A 900 ack 101\n7000 s A 900 ack 101\n8000 s RA 901 ack 101";
    for (rest, words) in [(data, "repeated its data in vain"), (probes, "probed in vain")] {
        let (cause, _, sentence) = told(&format!("{OPEN}{rest}")).expect("a cause");
        assert_eq!(cause, Cause::KeepaliveFailure);
        assert!(sentence.contains(words), "{sentence}");
    }
}

/// The diagnosis of one of a trace's flows among the others: cause and confidence.
fn told_among(text: &str, index: usize) -> Option<(Cause, Confidence)> {
    let scene = Scene::of(text);
    let mut around = Around::default();
    for one in 0..scene.flows.len() {
        let (case, judged) = (scene.case(one), scene.judged_of(one));
        around.learn(&Story::new(&case, &judged));
    }
    let (case, judged) = (scene.case(index), scene.judged_of(index));
    let found = diagnose(&Story::new(&case, &judged), &around)?;
    Some((found.best.cause, found.confidence))
}

#[test]
fn a_check_does_not_wait() {
    let checks = |wait: u32| -> String {
        let one = |flow: u32| {
            let at = flow * 1000;
            format!(
                "{at} c S 0 mss 1460 flow {flow}\n{} s SA 0 ack 1 flow {flow}\n{} c A 1 ack 1 flow {flow}\n{} c RA 1 ack 1 flow {flow}\n",
                at + 1,
                at + 2,
                at + 2 + wait
            )
        };
        (1..6).map(one).collect()
    };
    let cause = |wait| told_among(&checks(wait), 2).map(|(cause, _)| cause);
    assert_eq!((cause(1), cause(400)), (Some(Cause::HealthCheck), Some(Cause::AbortLinger0)));
}

#[test]
fn checks_of_several_balancers_come_each_at_its_own_period() {
    // Two pools, whose checks come 200 and 800 ms behind each other.
    let checks = |late: u32| -> String {
        let one = |flow: u32| {
            let at = flow / 2 * 1000 + flow % 2 * 200 + flow * flow * late;
            let (granted, ended) = (at + 1, at + 2);
            format!(
                "{at} c S 0 mss 1460 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{ended} c R 1 win 0 id 0 flow {flow}\n"
            )
        };
        (1..10).map(one).collect()
    };
    let cause = |late| told_among(&checks(late), 4).map(|(cause, _)| cause);
    assert_eq!(cause(0), Some(Cause::HealthCheck));
    assert_ne!(cause(90), Some(Cause::HealthCheck), "later and later");
}

#[test]
fn who_takes_connections_between_the_ends_lives() {
    let ended = |flow: u32, at: u32| {
        let ([granted, asked], end) = ([at + 1, at + 2], at + 30);
        format!(
            "{at} c S 0 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{asked} c PA 1 ack 1 len 9 flow {flow}\n{} s A 1 ack 10 flow {flow}\n{end} s RA 1 ack 10 flow {flow}\n",
            at + 3
        )
    };
    let of_last = |pause: u32| {
        let all: String = (1..5).map(|flow| ended(flow, flow * pause)).collect();
        told_among(&all, 3).map(|(cause, _)| cause)
    };
    // All at once, and one after the other.
    assert_eq!(of_last(0), Some(Cause::ProcessKilled));
    assert_ne!(of_last(40), Some(Cause::ProcessKilled));
}

#[test]
fn who_serves_older_connections_between_the_ends_lives() {
    let of_last = |pause: u32| {
        let one = |flow: u32| {
            let at = flow * pause;
            let (answered, end) = (at + 1, at + 30);
            format!(
                "{at} c PA 1 ack 1 len 9 flow {flow}\n{answered} s PA 1 ack 10 len 5 flow {flow}\n{end} s RA 6 ack 10 flow {flow}\n"
            )
        };
        let all: String = (1..5).map(one).collect();
        told_among(&all, 3).map(|(cause, _)| cause)
    };
    assert_eq!(of_last(0), Some(Cause::ProcessKilled));
    assert_ne!(of_last(40), Some(Cause::ProcessKilled));
}

#[test]
fn a_farewell_in_front_of_a_fin_is_no_use_of_the_connection() {
    let closed = |record: &str| {
        told(&format!(
            "{OPEN}5041 s PA 901 ack 101 data \"{record}\"\n5041.1 s FA 925 ack 101\n5041.2 c A 101 ack 926
            5100 c PA 101 ack 926 len 50\n5120 s R 926 win 0 id 0"
        ))
        .map(|found| found.0)
    };
    assert_eq!(closed("\\x17\\x03\\x03\\x00\\x131234567890123456789"), Some(Cause::StaleKeepaliveReuse));
    assert_ne!(closed("123412345678901234567890"), Some(Cause::StaleKeepaliveReuse), "it spoke, and closed");
}

#[test]
fn silences_that_began_and_ended_together_show_no_timer() {
    let last = |pause: u32, longer: u32| {
        let one = |flow: u32| {
            let at = flow * pause;
            let (granted, asked, heard, end) = (at + 1, at + 2, at + 3, at + 3000 + flow * longer);
            format!(
                "{at} c S 0 flow {flow}\n{granted} s SA 0 ack 1 flow {flow}\n{asked} c PA 1 ack 1 len 9 flow {flow}
                {heard} s A 1 ack 10 flow {flow}\n{end} s RA 1 ack 10 flow {flow}\n"
            )
        };
        told_among(&format!("{}{}", one(1), one(2)), 1).map(|(cause, _)| cause)
    };
    assert_eq!(last(500, 0), Some(Cause::IdleTimeoutEndpoint));
    assert_eq!(last(0, 0), Some(Cause::ClosedWithUnreadData));
    // One that had waited for another time ended with it.
    let other = "0 c S 0\n1 s SA 0 ack 1\n2 c PA 1 ack 1 len 9\n3 s A 1 ack 10\n5000 s RA 1 ack 10
        1500 c S 0 flow 1\n1501 s SA 0 ack 1 flow 1\n1502 c PA 1 ack 1 len 9 flow 1\n1503 s A 1 ack 10 flow 1\n5000 s RA 1 ack 10 flow 1";
    assert_eq!(told_among(other, 0).map(|(cause, _)| cause), Some(Cause::ClosedWithUnreadData));
}

#[test]
fn a_forged_reset_is_an_answer_until_the_request_is_repeated() {
    let reset = |at: u32| {
        told(&format!("{OPEN}100 c PA 101 ack 901 len 50\n{at} s R 901 win 0 id 0 ttl 61\n900 s FA 901 ack 151"))
            .map(|found| found.0)
    };
    assert_eq!(reset(110), Some(Cause::InjectedContentFilter));
    assert_eq!(reset(290), Some(Cause::InjectedContentFilter));
    assert_eq!(reset(310), Some(Cause::InjectedBlindOrInvalid));
}

#[test]
fn a_filter_goes_on_for_a_while() {
    let first = format!("{OPEN}100 c PA 101 ack 901 len 50\n100.5 s R 901 win 0 id 0 ttl 61\n");
    let next = |at: u32, between: &str| {
        let reset = at + 1;
        let text = format!("{first}{between}{at} c S 0 flow 2\n{reset} s R 0 win 0 id 0 ttl 61 flow 2");
        told_among(&text, if between.is_empty() { 1 } else { 2 }).map(|(cause, _)| cause)
    };
    assert_eq!(next(2000, ""), Some(Cause::InjectedContentFilter));
    assert_ne!(next(200_000, ""), Some(Cause::InjectedContentFilter));
    let passed = "500 c S 0 flow 1\n520 s SA 0 ack 1 flow 1\n521 c A 1 ack 1 flow 1\n522 c PA 1 ack 1 len 9 flow 1\n542 s PA 1 ack 10 len 9 flow 1\n";
    assert_ne!(next(2000, passed), Some(Cause::InjectedContentFilter));
}

#[test]
fn what_was_answered_for_long_no_filter_ended_out_of_sight() {
    let gone = |rest: &str| {
        let talk = "0 c S 0 win 64240 mss 1460 sackok wscale 7\n20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7 id 0\n20.1 c A 1 ack 1
            21 c PA 1 ack 1 len 100\n41 s PA 1 ack 101 len 900\n41.1 c A 101 ack 901\n";
        told(&format!("c ttl 60\ns ttl 57\n{talk}{rest}")).map(|found| found.0)
    };
    let soon = "45 s PA 901 ack 101 len 900\n45.1 c R 101 win 0 id 0";
    let late =
        "900 s PA 901 ack 101 len 900\n900.1 c A 101 ack 1801\n945 s PA 1801 ack 101 len 900\n945.1 c R 101 win 0 id 0";
    assert_eq!(gone(soon), Some(Cause::InjectedContentFilter));
    assert_ne!(gone(late), Some(Cause::InjectedContentFilter));
    let lossy = format!("44 s PA 1 ack 101 len 900\n{soon}");
    assert_ne!(gone(&lossy), Some(Cause::InjectedContentFilter));
}

#[test]
fn who_ends_alike_was_not_within_a_limit() {
    // Two connections, and one more that the server ends at once.
    let last = |end: &str| {
        let open = |flow: u32| {
            format!(
                "{flow} c S 0 flow {flow}\n{flow}.1 s SA 0 ack 1 flow {flow}\n{flow}.2 c A 1 ack 1 flow {flow}\n{flow}.3 c PA 1 ack 1 len 9 flow {flow}\n{flow}.4 s A 1 ack 10 flow {flow}\n"
            )
        };
        let ends: String = (1..3).map(|flow| format!("{}000 {end} flow {flow}\n", flow + 1)).collect();
        let text = format!("{}{}{}100 s RA 1 ack 10 flow 3\n{ends}", open(1), open(2), open(3));
        told_among(&text, 2).map(|(cause, _)| cause)
    };
    assert_eq!(last("s PA 1 ack 10 len 9"), Some(Cause::ConnectionLimit));
    assert_eq!(last("s RA 1 ack 10"), Some(Cause::ClosedWithUnreadData));
}

#[test]
fn a_client_that_waited_in_vain_gave_up() {
    let reset = |at: &str| format!("{OPEN}5000 c PA 101 ack 901 len 10\n5020 s A 901 ack 111\n{at} c RA 111 ack 901");
    assert_eq!(told(&reset("5900")).map(|found| found.0), Some(Cause::ClientAbort));
    assert_ne!(told(&reset("5020.1")).map(|found| found.0), Some(Cause::ClientAbort));
}

#[test]
fn a_client_that_closes_in_the_middle_of_an_answer_cancelled_it() {
    let closed = "5000 c PA 101 ack 901 len 10\n5020 s PA 901 ack 111 len 1448\n5020.1 c FA 111 ack 2349\n5020.2 c RA 112 ack 2349";
    let more = "\n5021 s PA 2349 ack 111 len 1448";
    assert_eq!(told(&format!("{OPEN}{closed}{more}")).map(|found| found.0), Some(Cause::ClientAbort));
    assert_ne!(told(&format!("{OPEN}{closed}")).map(|found| found.0), Some(Cause::ClientAbort));
}

#[test]
fn who_had_closed_waited_for_nothing_more() {
    let asked = "0 c S 0\n20 s SA 0 ack 1\n20.1 c A 1 ack 1\n21 c PA 1 ack 1 data \"GET / HTTP/1.1\\r\\n\\r\\n\"\n80 c FA 19 ack 1\n";
    let progress = |closed: &str| {
        let scene = Scene::of(&format!("{asked}{closed}9021 c S 0 flow 1"));
        let (case, judged) = (scene.case(0), scene.judged_of(0));
        Story::new(&case, &judged).application.progress.unwrap_or_default()
    };
    let closed = progress("100 s FA 1 ack 20\n100.1 c A 20 ack 2\n");
    assert!(closed.contains("59.0 ms after GET /"), "{closed}");
    // The other side may still answer.
    let half = progress("100 s A 1 ack 20\n");
    assert!(half.contains("for 9.0 s"), "{half}");
}

#[test]
fn a_fin_waits_behind_data() {
    let answer = |ack: u32| {
        let data = "50 s PA 901 ack 101 len 1448\n50.1 s PA 2349 ack 101 len 1448\n";
        told(&format!("{OPEN}{data}52 c PA 101 ack {ack} len 5\n72 s R {ack} win 0 id 0")).map(|found| found.0)
    };
    assert_eq!(answer(901), Some(Cause::DataAfterClose));
    assert_ne!(answer(3797), Some(Cause::DataAfterClose), "nothing was left to send");
}

#[test]
fn a_filter_on_content_acts_on_the_request() {
    let by_filter = |text: &str| told(text).map(|found| found.0) == Some(Cause::InjectedContentFilter);
    let filtered = |rest: &str| by_filter(&format!("{OPEN}{rest}"));
    let first =
        "c win 502\ns win 509 ttl 57\n0 c S 0 wscale 7 sackok\n20 s SA 0 ack 1 wscale 7 sackok\n20.1 c A 1 ack 1
                 21 c PA 1 ack 1 len 100\n41 s A 1 ack 101\n50 c PA 101 ack 1 len 9\n70 s R 1 win 0 id 0";
    assert!(by_filter(first));
    let late = first.replace("50 c PA 101 ack 1 len 9", "50 c PA 110 ack 1 len 9\n50.1 c PA 101 ack 1 len 9");
    assert!(!by_filter(&late), "on a way that mixes packets");
    assert!(!filtered("50 c PA 101 ack 901 len 9\n70 s R 901 win 0 id 0"), "after one that was answered");
    assert!(!filtered("50 s PA 901 ack 101 len 1448\n51 c A 101 ack 2349\n71 s R 2349 win 0 id 0"), "in mid-answer");
}

#[test]
fn a_direction_that_is_not_in_the_capture_answers_nothing() {
    let alone = "0 c S 0\n1000 c S 0\n3000 c S 0\n";
    let confidence = |other: &str| told_among(&format!("{alone}{other}"), 0);
    let answered = "0 c S 0 flow 1\n20 s SA 0 ack 1 flow 1\n20.1 c A 1 ack 1 flow 1\n30 c PA 1 ack 1 len 9 flow 1";
    assert_eq!(confidence(answered), Some((Cause::UnansweredSyn, Confidence::Likely)));
    let one_sided = answered.replace("20 s SA 0 ack 1 flow 1\n", "");
    assert!(confidence(&one_sided).is_none_or(|(_, sure)| sure == Confidence::Possible));
}

#[test]
fn a_filter_that_rejects_what_is_open_refuses_what_is_asked() {
    let open = "c ttl 57\ns ttl 64\n0 c S 0 wscale 7 sackok flow 1\n0.05 s SA 0 ack 1 wscale 7 sackok flow 1\n20 c A 1 ack 1 flow 1
        25 s PA 1 ack 1 len 9 flow 1\n45 c A 1 ack 10 flow 1\n45.02 s R 10 win 0 id 0 flow 1\n";
    let refused = "500 c S 0 flow 2\n500.05 s RA 0 raw ack 1 win 0 id 0 flow 2\n";
    let cause = |again: &str| told_among(&format!("{open}{again}{refused}"), 1).map(|(cause, _)| cause);
    // The server's socket lives, so that something else on its host rejected the acknowledgement.
    assert_eq!(cause("300 s PA 1 ack 1 len 9 flow 1\n"), Some(Cause::RefusedByFirewall));
    assert_eq!(cause(""), Some(Cause::RefusedNoListener));
}

#[test]
fn a_port_that_refuses_next_had_no_full_queue() {
    let overflow = "0 c S 0 flow 1\n1 s SA 0 ack 1 flow 1\n2 c A 1 ack 1 flow 1\n3 s R 1 win 0 flow 1\n";
    let next = |answer: &str| told_among(&format!("{overflow}300 c S 0\n301 s {answer}"), 0);
    assert_eq!(next("SA 0 ack 1"), Some((Cause::BacklogOverflow, Confidence::Likely)));
    assert_eq!(next("RA 3001 ack 1 win 0"), None);
}

#[test]
fn who_had_repeated_its_data_had_given_up() {
    let vain = "50 s PA 901 ack 101 len 99\n300 s PA 901 ack 101 len 99\n800 s PA 901 ack 101 len 99\n";
    let late = "90000 c PA 101 ack 901 len 5\n90020 s R 901 win 0 id 0";
    let (cause, _, sentence) = told(&format!("{OPEN}{vain}{late}")).expect("a cause");
    assert_eq!(cause, Cause::PeerLostState);
    assert!(sentence.contains("given the connection up"), "{sentence}");
    let heard = "801 c A 101 ack 1000\n".to_owned() + &late.replace("901", "1000");
    let found = told(&format!("{OPEN}{vain}{heard}")).expect("a cause");
    assert!(!found.2.contains("given the connection up"), "{found:?}");
}

#[test]
fn a_bare_reset_is_no_timer() {
    let late = "9000 s R 901 win 0 id 0";
    assert_ne!(told(&format!("{OPEN}{late}")).map(|(cause, ..)| cause), Some(Cause::IdleTimeoutEndpoint));
    let abort = "9000 s RA 901 ack 101";
    assert_eq!(told(&format!("{OPEN}{abort}")).map(|(cause, ..)| cause), Some(Cause::IdleTimeoutEndpoint));
}

/// The diagnosis of the second flow of a trace.
fn told_of_second(text: &str) -> Option<Candidate> {
    let scene = Scene::of(text);
    let (case, judged) = (scene.case(1), scene.judged_of(1));
    Some(diagnose(&Story::new(&case, &judged), &Around::default())?.best)
}

#[test]
fn a_server_that_had_the_request_or_the_clients_end_ended_nothing_idle() {
    let is_stale = |rest: &str| told(&format!("{OPEN}{rest}")).map(|found| found.0) == Some(Cause::StaleKeepaliveReuse);
    let crossed = "5000 c PA 101 ack 901 len 9\n5010 s FA 901 ack 101\n5010.1 c A 110 ack 902\n5020 s R 901 win 0 id 0";
    assert!(is_stale(crossed));
    assert!(!is_stale(
        "6041 c PA 101 ack 901 len 9\n6061 s PA 901 ack 110 len 90\n6062 c A 110 ack 991
        11000 c PA 110 ack 991 len 9\n11005 s FA 991 ack 110\n11005.1 c A 119 ack 992\n11020 s R 991 win 0 id 0"
    ));
    let had_it = "5000 c PA 101 ack 901 len 9\n5020 s FA 901 ack 110\n5020.1 c A 110 ack 902
                  5021 c PA 110 ack 902 len 9\n5041 s R 902 win 0 id 0";
    assert!(!is_stale(had_it));
    let left = "5000 c PA 101 ack 901 len 9\n5000.1 c FA 110 ack 901\n5020 s FA 901 ack 111\n5020.1 c A 111 ack 902
                5020.9 c A 111 ack 902\n5041 s R 902 win 0 id 0";
    assert!(!is_stale(left));
    // What it said last does not acknowledge what was asked, and so answers something else.
    let unanswered = "600 c PA 101 ack 901 len 9\n601 s PA 901 ack 101 len 50\n640 c A 110 ack 951
                      5000 s FA 951 ack 110\n5000.1 c PA 110 ack 952 len 9\n5020 s R 952 win 0 id 0";
    assert!(!is_stale(unanswered));
    assert!(is_stale(&unanswered.replace("601 s PA 901 ack 101", "620 s PA 901 ack 110")));
}

#[test]
fn who_spoke_a_moment_ago_forgot_with_others_if_at_all() {
    let busy = |flow: u32| {
        let lines = [
            "0 c S 0 wscale 7 sackok",
            "20 s SA 0 ack 1 wscale 7 sackok id 0",
            "20.1 c A 1 ack 1",
            "21 c PA 1 ack 1 len 9",
            "44 s PA 1 ack 10 len 70",
            "44.1 c A 10 ack 71",
            "900 c PA 10 ack 71 len 9",
            "920 s PA 71 ack 19 len 70",
            "920.1 c A 19 ack 141",
            "940.1 s R 141 win 0 id 0",
        ];
        lines.map(|line| format!("{line} flow {flow}\n"))
    };
    let both: String = busy(1).into_iter().zip(busy(2)).map(|(one, other)| one + &other).collect();
    assert_eq!(told_among(&format!("s ttl 57\n{both}"), 0).map(|found| found.0), Some(Cause::PeerLostState));
    assert_eq!(told(&format!("s ttl 57\n{}", busy(1).concat())), None);
}

#[test]
fn who_was_told_to_go_or_never_asked_cancels_nothing() {
    let cause = |frame: &str| {
        let preface = r"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x03\x01\x05\x00\x00\x00\x01\x82\x84\x86";
        let head = r"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x01\x01\x04\x00\x00\x00\x01\x88";
        told(&format!(
            "s ttl 57\n0 c S 0 wscale 7 sackok\n20 s SA 0 ack 1 wscale 7 sackok id 0\n20.1 c A 1 ack 1
             21 c PA 1 ack 1 data \"{preface}\"\n41 s PA 1 ack 46 data \"{head}\"\n41.1 c A 46 ack 20
             890 s PA 20 ack 46 data \"{frame}\"\n895 c PA 46 ack 37 len 12\n900 c FA 58 ack 37
             930 s PA 37 ack 59 len 900\n930.1 c R 59 win 0 id 0"
        ))
        .map(|found| found.0)
    };
    assert_eq!(
        cause(r"\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"),
        Some(Cause::DataAfterClose)
    );
    assert_eq!(
        cause(r"\x00\x00\x08\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00"),
        Some(Cause::ClientAbort)
    );
    let granted = "20 s SA 0 ack 1 wscale 7 sackok id 0\n20.1 c R 1 win 0 id 0";
    assert_eq!(told(&format!("0 c S 0 wscale 7 sackok\n{granted}")).map(|found| found.0), Some(Cause::ClientAbort));
    assert_ne!(told(granted).map(|found| found.0), Some(Cause::ClientAbort));
}

#[test]
fn a_change_of_address_is_told_with_both_addresses() {
    let moved = "900 c PA 101 ack 901 len 10 client 9 moved\n920 s R 901 win 0 id 0 client 9 moved";
    let best = told_of_second(&format!("{OPEN}{moved}")).expect("a cause");
    assert_eq!(best.cause, Cause::PeerLostState);
    assert!(best.sentence.contains("from 192.0.2.1:40000 to 192.0.2.9:40000"), "{}", best.sentence);
    assert!(best.evidence.iter().any(|piece| piece.text.contains("where flow 1 stopped")));
    // Other numbers: nothing is known of what was before.
    let strange = moved.replace("901", "902");
    let best = told_of_second(&format!("{OPEN}{strange}")).expect("a cause");
    assert!(best.sentence.contains("the capture does not show"), "{}", best.sentence);
}

#[test]
fn silence_before_the_change_of_address_counts() {
    let moved = "350100 c PA 101 ack 901 len 10 client 9 moved\n350120 s R 901 win 0 id 0 client 9 moved";
    let scene = Scene::of(&format!("{OPEN}{moved}"));
    let (case, judged) = (scene.case(1), scene.judged_of(1));
    let pause = Story::new(&case, &judged).pause.expect("a silence");
    assert_eq!((pause.length.as_secs_f64().round(), pause.by_reset), (350.0, false));
}

#[test]
fn a_router_that_speaks_for_the_old_address_is_told() {
    let text = "500 s PA 901 ack 101 len 50\n500.4 c R 101 win 0 id 0 ttl 64
        510 c FA 101 ack 901 client 9 moved\n530 s R 901 win 0 id 0 client 9 moved";
    let scene = Scene::of(&format!("{OPEN}{text}"));
    let (case, judged) = (scene.case(0), scene.judged());
    let found = diagnose(&Story::new(&case, &judged), &Around::default()).expect("a cause");
    assert_eq!(found.best.cause, Cause::PeerLostState);
    assert!(found.best.sentence.contains("the device that translates the client's address"), "{found:?}");
}

#[test]
fn who_reset_before_has_not_lost_its_state() {
    let again = "5000 s RA 9901 ack 101\n5000.2 c A 101 ack 901\n5020 s R 901 win 0 id 0";
    assert_ne!(told(&format!("{OPEN}{again}")).map(|(cause, ..)| cause), Some(Cause::PeerLostState));
}

#[test]
fn a_damaged_packet_explains_nothing() {
    assert_eq!(told(&format!("{OPEN} 42 s RSFU 0 ack 101 win 7\n 60 c PA 101 ack 901 len 5")), None);
}

#[test]
fn who_answers_an_end_was_not_killed_with_others() {
    let one = |flow: u8| {
        format!(
            "{flow} c S 0 flow {flow}\n2{flow} s SA 0 ack 1 flow {flow}\n2{flow}.1 c A 1 ack 1 flow {flow}
             3{flow} c PA 1 ack 1 len 9 flow {flow}\n5{flow} s PA 1 ack 10 len 9 flow {flow}
             6{flow} c FA 10 ack 10 flow {flow}\n8{flow} s A 10 ack 11 flow {flow}
             8{flow}.1 s RA 10 ack 11 win 0 flow {flow}\n"
        )
    };
    let all: String = (1..6).map(one).collect();
    assert_ne!(told(&format!("c ttl 60\ns ttl 121\n{all}")).map(|(cause, ..)| cause), Some(Cause::ProcessKilled));
}

#[test]
fn what_a_device_sends_just_before_the_answer_is_no_answer() {
    // The answer had left the server when the reset passed, so that it proves nothing of the reset; but that is surely a device's.
    let (cause, ..) = told(
        "c ttl 60 clock 1000\ns ttl 57 clock 5000\n0 c S 0 win 64240 mss 1460 sackok wscale 7
        20 s SA 0 ack 1 win 65160 mss 1460 sackok wscale 7\n20.1 c A 1 ack 1\n21 c PA 1 ack 1 len 100
        41 s A 1 ack 101\n41.1 s PA 1 ack 101 len 900\n41.2 c A 101 ack 901\n60 c PA 101 ack 901 len 100
        79.4 s R 901 win 0 nots id 0 ttl 120\n80 s PA 901 ack 201 len 900",
    )
    .expect("a cause");
    assert_eq!(cause, Cause::InjectedContentFilter);
}
