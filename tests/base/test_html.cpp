// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "base/html.hpp"

using namespace sluice;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

}  // namespace

TEST_CASE("text is written out where HTML would read it otherwise") {
  CHECK(html_text("a < b && \"c\" > d") == "a &lt; b &amp;&amp; &quot;c&quot; &gt; d");
}

TEST_CASE("a page without data has no script") {
  const std::string page = to_text(HtmlPage{"a & b", "<p>body</p>\n", "", ""});
  CHECK(page.starts_with("<!doctype html>\n"));
  CHECK(page.ends_with("<p>body</p>\n</body>\n</html>\n"));
  CHECK(count(page, "<title>a &amp; b</title>") == 1);
  CHECK(count(page, "<script") == 0);
}

TEST_CASE("data cannot end the script that holds it") {
  const std::string page = to_text(HtmlPage{"t", "", R"({"name": "</script><!--"})", "page.data;"});
  CHECK(count(page, R"({"name": "\u003c/script>\u003c!--"})") == 1);
  CHECK(count(page, "<script") == count(page, "</script>"));
  CHECK(count(page, "page.data;</script>") == 1);
}

TEST_CASE("a page holds its style and its charts, and names nothing to load") {
  const std::string page = to_text(HtmlPage{"t", "", "{}", ""});
  CHECK(count(page, "prefers-color-scheme: dark") > 0);
  CHECK(count(page, "default-src 'none'") == 1);
  CHECK(count(page, "version=\"6.1.0\"") > 0);  // of ECharts
  CHECK(count(page, "<script src") == 0);
  CHECK(count(page, "@import") == 0);
  CHECK(count(page, "<link") == 1);  // an empty icon, or browsers ask for one
  CHECK(count(page, "<link rel=\"icon\" href=\"data:,\">") == 1);
}

TEST_CASE("a table marks its numbers and writes its text out") {
  const std::string table =
      to_text(HtmlTable{"two < three", {"name", "bytes"}, {{"a&b", "12"}}, {1}, "sizes"});
  CHECK(table ==
        "<div class=\"scroll\" tabindex=\"0\"><table id=\"sizes\">\n<caption>two &lt; "
        "three</caption>\n"
        "<thead><tr><th scope=\"col\">name</th><th class=\"n\" "
        "scope=\"col\">bytes</th></tr></thead>\n"
        "<tbody>\n<tr><td>a&amp;b</td><td class=\"n\">12</td></tr>\n</tbody></table></div>\n");
}
