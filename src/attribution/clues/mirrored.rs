//! Fields copied from the segment that provoked it.

use super::Question;
use crate::attribution::Party;
use crate::evidence::{Aspect, Evidence, Weight};

pub(super) fn look(question: &Question<'_>) -> Option<Evidence<Party>> {
    let suspect = question.suspect;
    let segment = suspect.segment();
    let trigger = suspect.earlier(suspect.peer()).next()?;
    let name = suspect.case.name(suspect.own());
    let frames = [trigger.frame(), segment.frame];
    let own_window = || suspect.earlier(suspect.own()).any(|one| one.segment.window == segment.window);
    if let (Some(window), Some(other)) = (segment.window, trigger.segment.window)
        && window == other
        && window != 0
        && !own_window()
    {
        return Some(suspect.forged("mirrored_window", Aspect::Form, Weight::Strong, frames, || {
            format!("window {window} is that of frame {}, which provoked it; {name} never had it", trigger.frame())
        }));
    }
    if let (Some(id), Some(other)) = (segment.ip_id, trigger.segment.ip_id)
        && id == other
        && id != 0
    {
        return Some(suspect.forged("mirrored_ip_id", Aspect::Device, Weight::Strong, frames, || {
            format!("IP-ID {id:#06x} is that of frame {}, which provoked it", trigger.frame())
        }));
    }
    None
}
