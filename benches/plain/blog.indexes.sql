-- Made after loading, on both databases.
create index article_author on article (author_id, published_at);
create index article_status_published on article (status, published_at, id);
create index article_locale on article (locale);
create index article_tag_tag on article_tag (tag_id, article_id);
create index comment_article on comment (article_id, created_at);
create index comment_author on comment (author_id);
create index comment_parent on comment (parent_id);
