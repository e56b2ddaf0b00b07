// SPDX-License-Identifier: Apache-2.0
// Pages for a browser that load nothing: style, charts and data are in the file. What is on a page
// is the business of its writer; docs/pages.md says what pages have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// `text` with the characters that mean something in HTML written out.
std::string html_text(std::string_view text);

/// One page: what can be read without a script, and what its scripts draw.
struct HtmlPage {
  std::string title;  ///< as text
  std::string body;   ///< as HTML
  /// JSON, which the scripts find as `page.data`; empty: the page has no charts, and no script at
  /// all.
  std::string data;
  std::string_view script;  ///< draws the charts, with the functions of base/page/page.js
};

/// The whole file. Equal pages give equal bytes.
std::string to_text(const HtmlPage& page);

/// A table of text cells; the first row is its head. Columns listed in `numbers` (from 0) stand to
/// the right.
struct HtmlTable {
  std::string caption;  ///< as text
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> numbers;
  std::string id;  ///< that scripts know it by; may be empty
};

/// In a box that scrolls by itself when the table is wider or much longer than the page.
std::string to_text(const HtmlTable& table);

/// The place of a chart, with its heading, a sentence on what it shows, and its height in pixels.
struct HtmlChart {
  std::string id;
  std::string title;
  std::string note;  ///< as HTML; may be empty
  unsigned height = 320;
};
std::string to_text(const HtmlChart& chart);

}  // namespace sluice
