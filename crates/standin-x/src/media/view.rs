//! How media look: to whoever uploads them, beside the posts that show them, and to a test.

use serde_json::{Map, Value, json};

use super::Category;
use crate::shape::Shape;
use crate::world::{Progress, Upload};

/// What an upload's own answers say.
pub(super) fn uploaded(upload: &Upload, now: i64) -> Value {
    let mut data = json!({
        "id": upload.id,
        "media_key": upload.key(),
        "expires_after_secs": (upload.expires_at - now).max(0) / 1_000_000,
    });
    if upload.processing.is_some() {
        data["size"] = json!(upload.size());
    }
    if let Some((width, height)) = upload.dimensions
        && !upload.category.is_processed()
    {
        data["image"] = json!({ "image_type": upload.media_type, "w": width, "h": height });
    }
    if upload.processing.is_some() && upload.category == Category::Video {
        data["video"] = json!({ "video_type": upload.media_type });
    }
    if let Some(processing) = processing(upload, now) {
        data["processing_info"] = processing;
    }
    json!({ "data": data })
}

fn processing(upload: &Upload, now: i64) -> Option<Value> {
    let until = upload.processing?.until;
    let wait = ((until - now + 999_999) / 1_000_000).clamp(1, 10);
    Some(match upload.progress(now) {
        Progress::None => return None,
        Progress::Pending => {
            json!({ "state": "pending", "check_after_secs": wait, "progress_percent": 0 })
        }
        Progress::Working(percent) => {
            json!({ "state": "in_progress", "check_after_secs": wait, "progress_percent": percent })
        }
        Progress::Succeeded => json!({ "state": "succeeded", "progress_percent": 100 }),
        Progress::Failed => json!({ "state": "failed", "progress_percent": 100 }),
    })
}

/// An entry of `includes.media`.
pub(crate) fn shown(shape: &Shape, upload: &Upload) -> Value {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        let default = matches!(name, "media_key" | "type");
        if default || shape.media(name) {
            fields.insert(name.to_owned(), value);
        }
    };
    put("media_key", json!(upload.key()));
    put("type", json!(upload.category.kind()));
    let picture = format!("https://pbs.twimg.com/media/{}.jpg", upload.id);
    if upload.category.is_processed() {
        put("preview_image_url", json!(picture));
        put("public_metrics", json!({ "view_count": 0 }));
        let film = format!("https://video.twimg.com/{}/film.mp4", upload.id);
        put("variants", json!([{ "content_type": "video/mp4", "bit_rate": 0, "url": film }]));
    } else {
        put("url", json!(picture));
    }
    if let Some(text) = &upload.alt_text {
        put("alt_text", json!(text));
    }
    if let Some((width, height)) = upload.dimensions {
        put("width", json!(width));
        put("height", json!(height));
    }
    Value::Object(fields)
}

/// What a test may know of it.
pub(crate) fn counted(upload: &Upload, now: i64) -> Value {
    let state = match upload.progress(now) {
        _ if upload.processing.is_none() => "receiving",
        Progress::None | Progress::Succeeded => "ready",
        Progress::Pending => "pending",
        Progress::Working(_) => "in_progress",
        Progress::Failed => "failed",
    };
    json!({
        "id": upload.id,
        "media_key": upload.key(),
        "owner": upload.owner,
        "category": upload.category,
        "media_type": upload.media_type,
        "size": upload.size(),
        "segments": upload.segments.len(),
        "sha256": upload.sha256,
        "alt_text": upload.alt_text,
        "state": state,
        "posts": upload.posts,
    })
}
