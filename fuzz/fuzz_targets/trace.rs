//! Traces as text: what is read and written is read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tcpautopsy::trace;

fuzz_target!(|text: &str| {
    let Ok(events) = trace::parse(text) else { return };
    let printed = trace::print(&events);
    match trace::parse(&printed) {
        Ok(again) => assert_eq!(again, events, "{printed}"),
        Err(error) => panic!("{error}: {printed}"),
    }
});
