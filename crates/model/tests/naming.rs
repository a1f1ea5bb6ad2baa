//! Names as tables: what goes in, what must come out.

use model::naming::{camel, kebab, nearest, pascal, plural, slug, snake, words};

#[track_caller]
fn check(function: fn(&str) -> String, table: &[(&str, &str)]) {
    for (given, wanted) in table {
        assert_eq!(function(given), *wanted, "of {given:?}");
    }
}

#[test]
fn words_end_at_case_digits_and_signs() {
    check(
        |name| words(name).join(" "),
        &[
            ("restaurant", "restaurant"),
            ("blog-post", "blog post"),
            ("BlogPost", "Blog Post"),
            ("HTTPServer", "HTTP Server"),
            ("foo2Bar", "foo 2 Bar"),
            ("x-1-y", "x 1 y"),
            ("i18n", "i 18 n"),
            ("users-permissions", "users permissions"),
            ("children's menu", "childrens menu"),
            ("déjà vu", "deja vu"),
            ("__a__b__", "a b"),
            ("", ""),
        ],
    );
}

#[test]
fn pascal_and_camel_join_words() {
    check(
        pascal,
        &[
            ("article", "Article"),
            ("blog-post", "BlogPost"),
            ("x-1-y", "X1Y"),
            ("foo2-bar", "Foo2Bar"),
            ("i18n", "I18N"),
            ("users-permissions", "UsersPermissions"),
            ("HTTPServer", "HttpServer"),
            ("dz_one", "DzOne"),
            ("seo-meta", "SeoMeta"),
        ],
    );
    check(camel, &[("blog-post", "blogPost"), ("I18NLocale", "i18NLocale"), ("HTTPServer", "httpServer"), ("", "")]);
}

#[test]
fn kebab_joins_words_by_hyphens() {
    check(
        kebab,
        &[
            ("ClosingPeriod", "closing-period"),
            ("Seo", "seo"),
            ("OpeningHour2", "opening-hour-2"),
            ("SEOMeta", "seo-meta"),
        ],
    );
}

#[test]
fn snake_leaves_digits_with_the_word_before() {
    check(
        snake,
        &[
            ("MenuItem", "menu_item"),
            ("averagePrice", "average_price"),
            ("HTTPLog", "http_log"),
            ("menu-item", "menu_item"),
            ("start_date", "start_date"),
            ("Foo2Bar", "foo2_bar"),
            ("foo2bar", "foo2bar"),
            ("line1", "line1"),
            ("x1Y", "x1_y"),
            ("URL", "url"),
            ("userID", "user_id"),
            ("A", "a"),
            ("trailing_", "trailing"),
        ],
    );
}

#[test]
fn plurals_are_english() {
    check(
        plural,
        &[
            ("Category", "Categories"),
            ("Dish", "Dishes"),
            ("BlogPost", "BlogPosts"),
            ("Day", "Days"),
            ("Address", "Addresses"),
            ("Box", "Boxes"),
            ("Church", "Churches"),
            ("Quiz", "Quizzes"),
            ("Hero", "Heroes"),
            ("Photo", "Photos"),
            ("Knife", "Knives"),
            ("Leaf", "Leaves"),
            ("Roof", "Roofs"),
            ("Analysis", "Analyses"),
            ("Status", "Statuses"),
            ("Person", "People"),
            ("SalesPerson", "SalesPeople"),
            ("Child", "Children"),
            ("Mouse", "Mice"),
            ("News", "News"),
            ("Media", "Media"),
            ("FAQ", "FAQs"),
            ("Invoice", "Invoices"),
            ("Level2", "Level2s"),
            ("category", "categories"),
        ],
    );
}

#[test]
fn slugs_are_spelt_in_ascii() {
    check(
        slug,
        &[
            ("Hello World", "hello-world"),
            ("  Déjà vu!  ", "deja-vu"),
            ("Über uns", "ueber-uns"),
            ("Straße", "strasse"),
            ("Rock & Roll", "rock-and-roll"),
            ("fooBar", "foo-bar"),
            ("it's", "its"),
            ("C++", "c"),
            ("Ελλάδα", "ellada"),
            ("Привет, мир", "privet-mir"),
            ("Łódź", "lodz"),
            ("Nguyễn", "nguyen"),
            ("1 2 3", "1-2-3"),
            ("東京", ""),
            ("a_b.c", "a-b-c"),
        ],
    );
}

#[test]
fn the_nearest_name_is_meant() {
    let known = ["name", "title", "categories"];
    for (given, wanted) in [
        ("nam", Some("name")),
        ("titel", Some("title")),
        ("catgories", Some("categories")),
        ("price", None),
        ("", None),
    ] {
        assert_eq!(nearest(given, known), wanted, "of {given:?}");
    }
}
