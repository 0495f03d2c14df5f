//! The steps of an upload, by whichever address they are asked for.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::form::Fields;
use super::kind::{self, Category};
use super::view::uploaded;
use crate::call::{Answer, Call, Reply};
use crate::faults::FaultKind;
use crate::problem::Problem;
use crate::world::{MediaId, Processing, Upload, UserId, World};

const SECOND: i64 = 1_000_000;

/// How long an announced upload waits for its pieces, and a complete one for its post.
const LIFETIME: i64 = 24 * 3600 * SECOND;

/// The largest piece.
const LARGEST_SEGMENT: usize = 5 << 20;

/// The highest number of a piece.
const LAST_SEGMENT: u64 = 999;

const LONGEST_ALT_TEXT: usize = 1000;

const ANNOUNCED: [&str; 5] =
    ["additional_owners", "media_category", "media_type", "shared", "total_bytes"];

/// `POST /2/media/upload/initialize`
pub(crate) fn initialize(world: &mut World, call: &Call) -> Reply {
    let fields = Fields::of(call)?;
    fields.only(&ANNOUNCED)?;
    begin(world, call, &fields)
}

/// `POST /2/media/upload/{id}/append`
pub(crate) fn append(world: &mut World, call: &Call) -> Reply {
    let fields = Fields::of(call)?;
    fields.only(&["media", "segment_index"])?;
    add(world, call, call.path_id("id")?, fields)
}

/// `POST /2/media/upload/{id}/finalize`
pub(crate) fn finalize(world: &mut World, call: &Call) -> Reply {
    end(world, call, call.path_id("id")?)
}

/// `GET /2/media/upload`
pub(crate) fn status(world: &mut World, call: &Call) -> Reply {
    if let Some(command) = call.param("command").filter(|command| *command != "STATUS") {
        let message = "The `command` query parameter value must be STATUS";
        return Err(Problem::invalid("command", command, message));
    }
    let id = call.id("media_id")?.ok_or_else(|| {
        Problem::invalid("media_id", "", "The `media_id` query parameter can not be empty")
    })?;
    let upload = own(world, call, id)?;
    Ok(Answer::json(uploaded(upload, call.now)))
}

/// `POST /2/media/upload`: everything in one request, or a step that `command` names.
pub(crate) fn upload(world: &mut World, call: &Call) -> Reply {
    let mut fields = Fields::of(call)?;
    let id = |fields: &Fields| media_id(fields.needed("media_id")?);
    match fields.text("command") {
        Some("INIT") => begin(world, call, &fields),
        Some("APPEND") => {
            let id = id(&fields)?;
            add(world, call, id, fields)
        }
        Some("FINALIZE") => end(world, call, id(&fields)?),
        Some(other) => {
            let message = "$.command: must be one of INIT, APPEND, FINALIZE";
            Err(Problem::invalid("$.command", other, message))
        }
        None => {
            fields.only(&[
                "additional_owners",
                "media",
                "media_category",
                "media_type",
                "shared",
            ])?;
            let category = category(fields.needed("media_category")?)?;
            let bytes = fields.media()?;
            at_once(world, call, &fields, category, bytes)
        }
    }
}

/// `POST /2/media/metadata`
pub(crate) fn describe(world: &mut World, call: &Call) -> Reply {
    let body = call.object()?;
    let id = media_id(body.get("id").and_then(Value::as_str).unwrap_or_default())?;
    own(world, call, id)?;
    let about = body.get("metadata").and_then(Value::as_object);
    if about.is_some_and(|about| about.keys().any(|name| name != "alt_text")) {
        // Subtitles, stickers, restrictions: to accept them and do nothing would be a lie.
        return Err(Problem::forbidden("You are not permitted to perform this action."));
    }
    let text = body.get("metadata").and_then(|metadata| metadata.pointer("/alt_text/text"));
    let text = text.and_then(Value::as_str).ok_or_else(|| {
        Problem::invalid_body("$.metadata.alt_text.text: is missing but it is required")
    })?;
    if text.chars().count() > LONGEST_ALT_TEXT {
        let message =
            format!("$.metadata.alt_text.text: must be at most {LONGEST_ALT_TEXT} characters long");
        return Err(Problem::invalid_body(&message));
    }
    if let Some(upload) = world.uploads.get_mut(&id) {
        upload.alt_text = Some(text.to_owned());
    }
    let metadata = json!({ "alt_text": { "text": text } });
    Ok(Answer::json(json!({ "data": { "id": id, "associated_metadata": metadata } })))
}

fn begin(world: &mut World, call: &Call, fields: &Fields) -> Reply {
    let category = category(fields.needed("media_category")?)?;
    let media_type = fields.needed("media_type")?;
    let total = fields.number("total_bytes")?;
    if !category.takes(media_type) {
        let message = format!("$.media_type: {media_type} does not fit the media category");
        return Err(Problem::invalid("$.media_type", media_type, &message));
    }
    check_size(category, total)?;
    let upload = announced(world, call, fields, (category, media_type, total))?;
    let answer = uploaded(&upload, call.now);
    world.uploads.insert(upload.id, upload);
    Ok(Answer::json(answer))
}

fn add(world: &mut World, call: &Call, id: MediaId, mut fields: Fields) -> Reply {
    let number = fields.number("segment_index")?;
    let index = u16::try_from(number).ok().filter(|_| number <= LAST_SEGMENT).ok_or_else(|| {
        let message = format!("$.segment_index: must have a maximum value of {LAST_SEGMENT}");
        Problem::invalid("$.segment_index", &number.to_string(), &message)
    })?;
    let bytes = fields.media()?;
    if bytes.len() > LARGEST_SEGMENT {
        let text = "Payload Too Large";
        return Err(Problem::plain(StatusCode::PAYLOAD_TOO_LARGE, text, text));
    }
    let upload = own(world, call, id)?;
    if upload.processing.is_some() {
        return Err(refused(id, "The upload is complete already."));
    }
    let replaced = upload.segments.get(&index).map_or(0, |segment| segment.size);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if upload.size() - replaced + size > upload.total {
        return Err(refused(id, "Segments exceed the provided total file size."));
    }
    upload.put(index, bytes);
    let expires_at = upload.expires_at.div_euclid(SECOND);
    Ok(Answer::json(json!({ "data": { "expires_at": expires_at } })))
}

fn end(world: &mut World, call: &Call, id: MediaId) -> Reply {
    let upload = own(world, call, id)?;
    if upload.processing.is_none() {
        if !upload.has_no_gap() || upload.size() != upload.total {
            return Err(refused(id, "Segments do not add up to provided total file size."));
        }
        if kind::recognised(&upload.head) != Some(upload.media_type.as_str()) {
            return Err(refused(id, "The content does not match the media type."));
        }
        complete(world, call, id);
    }
    let upload = own(world, call, id)?;
    Ok(Answer::json(uploaded(upload, call.now)))
}

fn at_once(
    world: &mut World,
    call: &Call,
    fields: &Fields,
    category: Category,
    bytes: Vec<u8>,
) -> Reply {
    let total = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    check_size(category, total)?;
    let found = kind::recognised(&bytes).filter(|found| category.takes(found));
    let announced_type = fields.text("media_type");
    let Some(found) = found.filter(|found| announced_type.is_none_or(|given| given == *found))
    else {
        return Err(Problem::invalid_body("$.media: the content does not match its category"));
    };
    let mut upload = announced(world, call, fields, (category, found, total))?;
    upload.put(0, bytes);
    let id = upload.id;
    world.uploads.insert(id, upload);
    complete(world, call, id);
    let upload = own(world, call, id)?;
    Ok(Answer::json(uploaded(upload, call.now)))
}

fn announced(
    world: &mut World,
    call: &Call,
    fields: &Fields,
    (category, media_type, total): (Category, &str, u64),
) -> Result<Upload, Problem> {
    let owner = call.user()?;
    let given = fields.text("additional_owners").unwrap_or_default();
    let others: Result<Vec<UserId>, _> =
        given.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    let others = others.map_err(|_| {
        let message = "$.additional_owners: does not match the regex pattern ^[0-9]{1,19}$";
        Problem::invalid("$.additional_owners", given, message)
    })?;
    let id = MediaId(world.new_id(call.now));
    let expires_at = call.now + LIFETIME;
    let mut upload = Upload::new(id, owner, category, media_type, (total, expires_at));
    upload.others = others;
    Ok(upload)
}

fn complete(world: &mut World, call: &Call, id: MediaId) {
    let usual = world.settings.media_processing_ms * 1000;
    let Some(upload) = world.uploads.get_mut(&id) else { return };
    let duration = match &call.fault {
        Some(fault) if fault.kind == FaultKind::MediaSlow => fault.delay_ms * 1000,
        _ if upload.category.is_processed() => usual,
        _ => 0,
    };
    let fails = call.struck(FaultKind::MediaFails);
    let processing = Processing { from: call.now, until: call.now + duration.max(0), fails };
    upload.complete(processing, call.now + LIFETIME);
}

/// An upload of whoever asks; what is not theirs does not exist for them.
fn own<'a>(world: &'a mut World, call: &Call, id: MediaId) -> Result<&'a mut Upload, Problem> {
    let user = call.user()?;
    let upload = world.uploads.get_mut(&id);
    let upload = upload.filter(|upload| upload.owner == user && call.now < upload.expires_at);
    upload.ok_or_else(|| refused(id, "Invalid mediaId."))
}

fn media_id(written: &str) -> Result<MediaId, Problem> {
    written.parse().map_err(|_| {
        let message = "$.media_id: does not match the regex pattern ^[0-9]{1,19}$";
        Problem::invalid("$.media_id", written, message)
    })
}

fn category(name: &str) -> Result<Category, Problem> {
    if kind::NOT_OFFERED.contains(&name) {
        return Err(Problem::forbidden("You are not permitted to perform this action."));
    }
    Category::named(name).ok_or_else(|| {
        let message = "$.media_category: does not have a value in the enumeration";
        Problem::invalid("$.media_category", name, message)
    })
}

fn check_size(category: Category, total: u64) -> Result<(), Problem> {
    if (1..=category.largest()).contains(&total) {
        return Ok(());
    }
    let message = format!(
        "File size must be between 1 and {} bytes, but was {total} bytes.",
        category.largest()
    );
    Err(Problem::invalid("$.total_bytes", &total.to_string(), &message))
}

fn refused(id: MediaId, message: &str) -> Problem {
    Problem::invalid("media_id", &id.to_string(), message)
}
