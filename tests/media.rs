//! Files from their upload to their removal, over HTTP and on both databases: what is refused leaves nothing behind.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use acceptance::client::{Outgoing, Whole, graphql};
use acceptance::form::{BOUNDARY, field, file, form, media_type};
use acceptance::project::{Database, Running, Template, settings, token};
use serde_json::{Value, json};
use server::Limits;

/// So many requests are given to what goes on beside them.
const TRIES_MAX: usize = 2_000;

#[test]
fn sqlite_keeps_files() {
    all(Database::Sqlite);
}

#[test]
fn postgres_keeps_files() {
    all(Database::Postgres);
}

fn all(database: Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/project");
    let template = Template::new(&folder, database);
    uploads_are_shown_served_and_removed(&template.serve());
    what_is_refused_leaves_nothing(&template);
    files_go_with_their_rows(&template.serve());
    kinds_are_served_so_that_nothing_runs(&template.serve());
    files_are_linked_by_the_field_that_is_named(&template.serve());
    files_are_added_to_what_a_field_has(&template.serve());
    a_file_goes_when_nobody_waits_for_it(&template.serve());
}

fn uploads_are_shown_served_and_removed(server: &Running) {
    let form = [
        file("files", "../Café one.png", "image/png", &png(1200, 600)),
        file("files", "notes.txt", "text/plain", b"hello"),
    ];
    let info = json!([{ "alternativeText": "One", "caption": "First" }, { "name": "remarks.txt" }]);
    let (status, body) = upload(server, "editor", &[&form[..], &[field("fileInfo", &info.to_string())]].concat());
    assert_eq!(status, 201, "{body}");
    let first = &body[0];
    assert_eq!(
        (&first["id"], &first["name"], &first["ext"], &first["mime"]),
        (&json!(2), &json!("Café one.png"), &json!(".png"), &json!("image/png"))
    );
    assert_eq!((&first["alternativeText"], &first["caption"]), (&json!("One"), &json!("First")));
    assert_eq!((&first["width"], &first["height"], &first["provider"]), (&json!(1200), &json!(600), &json!("local")));
    for (name, width, height) in
        [("thumbnail", 245, 123), ("large", 1000, 500), ("medium", 750, 375), ("small", 500, 250)]
    {
        let format = &first["formats"][name];
        assert_eq!(
            (&format["width"], &format["height"], &format["ext"]),
            (&json!(width), &json!(height), &json!(".png")),
            "{name}"
        );
    }
    let hash = first["hash"].as_str().expect("the test made it so");
    assert_eq!(first["url"], json!(["/uploads/", hash, ".png"].concat()));
    assert_eq!(first["formats"]["small"]["url"], json!(["/uploads/small_", hash, ".png"].concat()));
    let second = &body[1];
    assert_eq!(
        (&second["name"], &second["mime"], &second["size"], &second["formats"]),
        (&json!("remarks.txt"), &json!("text/plain"), &json!(0.01), &Value::Null)
    );
    assert_eq!(on_disk(server).len(), 6);

    let sent_back = get(server, first["formats"]["small"]["url"].as_str().expect("the test made it so"), &[]);
    assert_eq!(
        (sent_back.status, sent_back.header("content-type"), sent_back.header("content-disposition")),
        (200, "image/png", "inline")
    );
    assert_eq!(
        sent_back.body.len() as u64,
        first["formats"]["small"]["sizeInBytes"].as_u64().expect("the test made it so")
    );

    rows_are_found_changed_and_removed(server);
}

fn rows_are_found_changed_and_removed(server: &Running) {
    let seen = ask(server, "editor", "{ uploadFiles(sort: \"name\") { name size url formats } }");
    assert_eq!(seen["data"]["uploadFiles"].as_array().expect("the test made it so").len(), 3);
    let (status, list) = rest(server, "public", "GET", "/api/upload/files");
    assert_eq!((status, list.as_array().map(Vec::len)), (200, Some(3)));
    let (status, one) = rest(server, "public", "GET", "/upload/files/2");
    assert_eq!((status, &one["name"]), (200, &json!("Café one.png")));
    assert_eq!(rest(server, "public", "GET", "/api/upload/files/99").0, 404);
    assert_eq!(rest(server, "public", "DELETE", "/api/upload/files/2").0, 403);
    assert_eq!(rest(server, "editor", "POST", "/api/upload/files").0, 405);

    let changed = form_to(
        server,
        "editor",
        "/api/upload?id=2",
        &[field("fileInfo", "{\"caption\":\"Other\",\"name\":\"two.png\"}")],
    );
    assert_eq!(
        (changed.0, &changed.1["caption"], &changed.1["alternativeText"], &changed.1["name"]),
        (200, &json!("Other"), &json!("One"), &json!("two.png"))
    );
    assert_eq!(form_to(server, "editor", "/api/upload?id=77", &[field("fileInfo", "{}")]).0, 404);

    let (status, gone) = rest(server, "editor", "DELETE", "/api/upload/files/2");
    assert_eq!((status, &gone["name"]), (200, &json!("two.png")));
    assert_eq!(on_disk(server).len(), 1);
    assert_eq!(rest(server, "editor", "DELETE", "/api/upload/files/2").0, 404);
    // The row of a seed names a file that was never here.
    assert_eq!(rest(server, "editor", "DELETE", "/api/upload/files/file00000000000000000001").0, 200);
    assert_eq!(
        ask(server, "public", "{ dish(documentId: \"dish00000000000000000002\") { cover { name } } }")["data"]["dish"]
            ["cover"],
        Value::Null
    );
}

fn what_is_refused_leaves_nothing(template: &Template) {
    let limits = Limits {
        upload_file_bytes_max: 100_000,
        upload_files_max: 2,
        upload_fields_max: 2,
        upload_name_characters_max: 40,
        upload_image_pixels_max: 1_000_000,
        body_bytes_max: 2000,
        ..Limits::default()
    };
    let server = template.serve_with(server::Settings { limits, ..settings() });
    let cases = false_contents().into_iter().chain(beyond_limits()).chain(false_words());
    for (name, role, parts, status, message) in cases {
        let (met, body) = upload(&server, role, &parts);
        assert_eq!(met, status, "{name}: {body}");
        assert!(body["error"]["message"].as_str().unwrap_or_default().contains(message), "{name}: {body}");
    }
    broken_forms_are_refused(&server);
    assert_eq!(on_disk(&server), [""; 0]);
    assert_eq!(rest(&server, "public", "GET", "/api/upload/files").1.as_array().map(Vec::len), Some(1));
    assert_eq!(upload(&server, "editor", &[good()]).0, 201);
}

/// A name, the role that asks, the parts of the form, and the status and a part of the message that it is refused with.
type Refused = (&'static str, &'static str, Vec<Vec<u8>>, u16, &'static str);

fn good() -> Vec<u8> {
    file("files", "a.txt", "text/plain", b"hello")
}

fn binary(bytes: usize) -> Vec<u8> {
    file("files", "x.bin", "application/octet-stream", &vec![0; bytes])
}

fn picture_of(content: &[u8]) -> Vec<u8> {
    file("files", "x.png", "image/png", content)
}

fn false_contents() -> Vec<Refused> {
    let lie = "x.png is said to be image/png, but its content is text/html";
    vec![
        ("nobody", "public", vec![good()], 403, "Forbidden"),
        ("empty", "editor", vec![], 400, "Files are empty"),
        ("no file", "editor", vec![field("fileInfo", "{}")], 400, "Files are empty"),
        ("a lie", "editor", vec![good(), picture_of(b"<html><body onload=alert(1)>")], 400, lie),
        (
            "a broken image",
            "editor",
            vec![good(), picture_of(&png(300, 300)[..400])],
            400,
            "the image x.png cannot be read",
        ),
        ("a bomb", "editor", vec![good(), picture_of(&png(2000, 600))], 413, "upload_image_pixels_max"),
    ]
}

fn beyond_limits() -> Vec<Refused> {
    let info = || field("fileInfo", "{}");
    let long = file("files", &"a".repeat(41), "text/plain", b"x");
    vec![
        ("too large", "editor", vec![good(), binary(100_001)], 413, "upload_file_bytes_max"),
        ("larger than any", "editor", vec![binary(2_000_000)], 413, "bytes"),
        ("too many", "editor", vec![good(), good(), good()], 413, "upload_files_max"),
        ("too many fields", "editor", vec![good(), info(), info(), info()], 413, "upload_fields_max"),
        ("a long field", "editor", vec![good(), field("fileInfo", &"x".repeat(2001))], 413, "body_bytes_max"),
        ("a long name", "editor", vec![long], 400, "upload_name_characters_max"),
    ]
}

fn false_words() -> Vec<Refused> {
    let info = |text: &str| vec![good(), field("fileInfo", text)];
    vec![
        ("a set url", "editor", info("{\"url\":\"/x\"}"), 400, "fileInfo.url cannot be set"),
        ("a set hash", "editor", info("[{\"hash\":\"x\"}]"), 400, "fileInfo.hash cannot be set"),
        ("an unknown part", "editor", vec![good(), field("url", "x")], 400, "\"url\" is not known"),
        ("no JSON", "editor", info("{"), 400, "fileInfo is no JSON"),
    ]
}

fn broken_forms_are_refused(server: &Running) {
    let whole = form(&[good(), file("files", "b.txt", "text/plain", b"never ends")]);
    let broken = whole[..whole.len() - 12].to_vec();
    let mut outgoing = posted("editor", "/api/upload", broken);
    assert_eq!(server.ask(&outgoing).status, 400);
    "multipart/form-data; boundary=".clone_into(&mut outgoing.headers[0].1);
    assert_eq!(server.ask(&outgoing).status, 400);
    outgoing.headers[0].1 = media_type();
    "Bearer nonsense".clone_into(&mut outgoing.headers[1].1);
    assert_eq!(server.ask(&outgoing).status, 401);
    let head = [
        b"--",
        BOUNDARY.as_bytes(),
        b"\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a\"\r\nX-Big: ",
        &vec![b'a'; 90_000],
        b"\r\n\r\nx\r\n",
    ]
    .concat();
    assert!(matches!(server.ask(&posted("editor", "/api/upload", head)).status, 400 | 413));
}

fn files_are_linked_by_the_field_that_is_named(server: &Running) {
    let named = |of: &str, id: &str, name: &str| vec![field("ref", of), field("refId", id), field("field", name)];
    let sent = |name: &str| file("files", name, "image/gif", &picture(image::ImageFormat::Gif, 2, 2));
    let to = |parts: Vec<Vec<u8>>, target: Vec<Vec<u8>>| upload(server, "editor", &[parts, target].concat());
    let dish = "dish00000000000000000001";
    assert_eq!(to(vec![sent("a.gif")], named("api::dish.dish", dish, "gallery")).0, 201);
    assert_eq!(to(vec![sent("b.gif"), sent("c.gif")], named("Dish", "1", "gallery")).0, 201);
    assert_eq!(to(vec![sent("d.gif")], named("api::dish.dish", "1", "cover")).0, 201);
    let shown = "{ dish(documentId: \"dish00000000000000000001\") { cover { name } gallery { name } } }";
    let gallery = json!([{ "name": "a.gif" }, { "name": "b.gif" }, { "name": "c.gif" }]);
    let expected = json!({ "data": { "dish": { "cover": { "name": "d.gif" }, "gallery": gallery } } });
    assert_eq!(ask(server, "public", shown), expected);
    let refused = [
        (vec![sent("x.gif")], named("api::dish.dish", "99", "cover"), 404),
        (vec![sent("x.gif")], named("api::dish.dish", dish, "name"), 400),
        (vec![sent("x.gif")], named("api::none.none", dish, "cover"), 400),
        (vec![sent("x.gif"), sent("y.gif")], named("api::dish.dish", dish, "cover"), 400),
        (vec![good()], named("api::dish.dish", dish, "cover"), 400),
        (vec![sent("x.gif")], vec![field("ref", "api::dish.dish")], 400),
    ];
    for (parts, target, status) in refused {
        assert_eq!(to(parts, target).0, status);
    }
    let by_sender = [vec![sent("x.gif")], named("api::dish.dish", dish, "cover")].concat();
    assert_eq!(upload(server, "sender", &by_sender).0, 403);
    assert_eq!(ask(server, "public", shown), expected);
    assert_eq!(on_disk(server).len(), 4);
    let of_a_dish = |field: &str, id: u64| {
        let text =
            format!("mutation {{ updateDish(documentId: \"{dish}\", data: {{ {field}: \"{id}\" }}) {{ name }} }}");
        ask(server, "editor", &text)
    };
    let (_, text) = upload(server, "editor", &[good()]);
    let id = text[0]["id"].as_u64().expect("a file has a number");
    assert_eq!(of_a_dish("cover", id)["data"]["updateDish"], Value::Null, "a text is no image");
    assert_eq!(of_a_dish("gallery", id)["data"]["updateDish"]["name"], json!("Pizza"));
}

fn files_are_added_to_what_a_field_has(server: &Running) {
    let made =
        ask(server, "editor", "mutation { createMenu(status: PUBLISHED, data: { title: \"Autumn\" }) { documentId } }");
    let id = made.pointer("/data/createMenu/documentId").and_then(Value::as_str).expect("a menu is made").to_owned();
    let sent = |name: &str| file("files", name, "image/gif", &picture(image::ImageFormat::Gif, 2, 2));
    let to = |role: &str, name: &str, of: &str| {
        let target = vec![sent(name), field("ref", "api::menu.menu"), field("refId", &id), field("field", of)];
        let (status, body) = upload(server, role, &target);
        assert!(status == 201 || body["error"]["message"].is_string(), "{body}");
        status
    };
    assert_eq!(to("editor", "first.gif", "photos"), 201);
    let edit = format!(
        "mutation {{ updateMenu(documentId: \"{id}\", status: DRAFT, data: {{ title: \"Winter\" }}) {{ title }} }}"
    );
    assert_eq!(ask(server, "editor", &edit)["data"]["updateMenu"]["title"], json!("Winter"));
    assert_eq!(
        to("cook", "cook.gif", "photos"),
        201,
        "a field with a file that the caller may not see takes another one"
    );
    std::thread::scope(|scope| {
        let sent: Vec<_> = (0..4).map(|_| scope.spawn(|| to("editor", "same.gif", "photos"))).collect();
        for sent in sent {
            assert_eq!(sent.join().expect("an answer comes"), 201);
        }
    });
    let shown = |status: &str| {
        let asked = format!("{{ menu(documentId: \"{id}\", status: {status}) {{ title photos {{ name }} }} }}");
        ask(server, "editor", &asked)["data"]["menu"].clone()
    };
    let names =
        ["first.gif", "cook.gif", "same.gif", "same.gif", "same.gif", "same.gif"].map(|name| json!({ "name": name }));
    assert_eq!(
        shown("PUBLISHED"),
        json!({ "title": "Autumn", "photos": names }),
        "what else the draft says is not published"
    );
    assert_eq!(shown("DRAFT"), json!({ "title": "Winter", "photos": names }));
    let kept = on_disk(server).len();
    assert_eq!(
        [1, 2, 3].map(|_| to("editor", "one.gif", "pair")),
        [201, 201, 400],
        "a list is no longer than its rule allows"
    );
    assert_eq!(on_disk(server).len(), kept + 2);
}

/// A client that leaves does not leave the file of a removed row behind.
fn a_file_goes_when_nobody_waits_for_it(server: &Running) {
    let (_, body) =
        upload(server, "editor", &[file("files", "a.gif", "image/gif", &picture(image::ImageFormat::Gif, 2, 2))]);
    let (id, url) = (body[0]["documentId"].as_str().expect("an id"), body[0]["url"].as_str().expect("a place"));
    let shows = || rest(server, "editor", "GET", &format!("/api/upload/files/{id}")).0;
    assert_eq!((shows(), get(server, url, &[]).status), (200, 200));
    let text = format!("mutation {{ deleteUploadFile(id: {}) {{ documentId }} }}", body[0]["id"]);
    server.ask_and_leave("/graphql", "editor", &text, || shows() == 404);
    let is_gone = || get(server, url, &[]).status == 404 && on_disk(server).is_empty();
    assert!((0..TRIES_MAX).any(|_| is_gone()), "the file of a removed row is served");
}

/// Whoever may send need not be one who may see; whatever way removes a row removes its files.
fn files_go_with_their_rows(server: &Running) {
    let (status, body) =
        upload(server, "sender", &[file("files[]", "a.gif", "image/gif", &picture(image::ImageFormat::Gif, 300, 20))]);
    assert_eq!((status, &body[0]["mime"]), (201, &json!("image/gif")), "{body}");
    assert_eq!(rest(server, "sender", "GET", "/api/upload/files").0, 403);
    assert_eq!(on_disk(server).len(), 2);
    assert_eq!(rest(server, "sender", "DELETE", "/api/upload/files/2").0, 403);
    assert_eq!(on_disk(server).len(), 2);
    assert_eq!(rest(server, "editor", "DELETE", "/api/upload/files/2").0, 200);
    assert_eq!(on_disk(server), [""; 0]);
}

fn kinds_are_served_so_that_nothing_runs(server: &Running) {
    let script = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
    let sent = [
        file("files", "x.svg", "image/svg+xml", script),
        file("files", "x.html", "text/html", b"<html><script>alert(1)</script></html>"),
        file("files", "x.bin", "", &[0, 1, 2]),
    ];
    let (status, body) = upload(server, "editor", &sent);
    assert_eq!(status, 201, "{body}");
    let expected = [
        ("image/svg+xml", ".svg", "image/svg+xml"),
        ("text/html", ".html", "text/plain; charset=utf-8"),
        ("application/octet-stream", ".bin", "application/octet-stream"),
    ];
    for (file, (mime, extension, sent_as)) in body.as_array().expect("the test made it so").iter().zip(expected) {
        assert_eq!((&file["mime"], &file["ext"]), (&json!(mime), &json!(extension)));
        let sent_back = get(server, file["url"].as_str().expect("the test made it so"), &[]);
        assert_eq!(
            (sent_back.status, sent_back.header("content-type"), sent_back.header("x-content-type-options")),
            (200, sent_as, "nosniff")
        );
        assert!(sent_back.header("content-disposition").starts_with("attachment; filename="));
        assert_eq!(
            sent_back.header("content-security-policy"),
            "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        );
    }
    parts_and_places(server, body[2]["url"].as_str().expect("the test made it so"));
}

fn parts_and_places(server: &Running, url: &str) {
    let part = get(server, url, &[("range", "bytes=1-1")]);
    assert_eq!((part.status, part.header("content-range"), part.body.as_slice()), (206, "bytes 1-1/3", &[1][..]));
    assert_eq!(get(server, url, &[("range", "bytes=9-")]).status, 416);
    let tag = part.header("etag").to_owned();
    assert_eq!(get(server, url, &[("if-none-match", &tag)]).status, 304);
    assert_eq!(get(server, url, &[("range", "bytes=1-1"), ("if-range", "\"other\"")]).body, [0, 1, 2]);
    let head = server.ask_whole(&Outgoing { method: "HEAD", path: url, headers: Vec::new(), body: Vec::new() });
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "3", 0));
    fs::write(server.uploads().join("page.php"), "x").expect("the test made it so");
    std::os::unix::fs::symlink("/etc/passwd", server.uploads().join("link.txt")).expect("the test made it so");
    for path in [
        "/uploads/",
        "/uploads/page.php",
        "/uploads/link.txt",
        "/uploads/.incoming",
        "/uploads/%2e%2e%2ft.db",
        "/uploads/none.png",
        "/uploads/.incoming/x.png",
        "/uploads/%00",
    ] {
        assert_eq!(get(server, path, &[]).status, 404, "{path}");
    }
    assert_eq!(server.ask(&Outgoing { method: "POST", path: url, ..Outgoing::default() }).status, 405);
}

fn on_disk(server: &Running) -> Vec<String> {
    let folders = [server.uploads().to_owned(), server.uploads().join(".incoming")];
    let names = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("the test made it so"))
        .map(|entry| entry.expect("the test made it so").file_name().into_string().expect("the test made it so"));
    names.filter(|name| name != ".incoming").collect()
}

fn upload(server: &Running, role: &str, parts: &[Vec<u8>]) -> (u16, Value) {
    form_to(server, role, "/api/upload", parts)
}

fn form_to(server: &Running, role: &str, path: &str, parts: &[Vec<u8>]) -> (u16, Value) {
    let answer = server.ask(&posted(role, path, form(parts)));
    (answer.status, answer.body.unwrap_or_default())
}

fn posted<'a>(role: &str, path: &'a str, body: Vec<u8>) -> Outgoing<'a> {
    let mut headers = vec![("content-type".to_owned(), media_type())];
    headers.extend(authorization(role));
    Outgoing { method: "POST", path, headers, body }
}

fn authorization(role: &str) -> Option<(String, String)> {
    (role != "public").then(|| ("authorization".to_owned(), ["Bearer ", &token(role, "1")].concat()))
}

fn rest(server: &Running, role: &str, method: &str, path: &str) -> (u16, Value) {
    let answer =
        server.ask(&Outgoing { method, path, headers: authorization(role).into_iter().collect(), body: Vec::new() });
    (answer.status, answer.body.unwrap_or_default())
}

fn get(server: &Running, path: &str, headers: &[(&str, &str)]) -> Whole {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    server.ask_whole(&Outgoing { method: "GET", path, headers, body: Vec::new() })
}

fn ask(server: &Running, role: &str, query: &str) -> Value {
    let token = (role != "public").then(|| token(role, "1"));
    server.ask(&graphql("/graphql", &json!({ "query": query }), token.as_deref())).body.unwrap_or_default()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    picture(image::ImageFormat::Png, width, height)
}

fn picture(format: image::ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::DynamicImage::new_rgba8(width, height).write_to(&mut bytes, format).expect("the test made it so");
    bytes.into_inner()
}
