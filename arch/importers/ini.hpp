// SPDX-License-Identifier: Apache-2.0
// Files of sections and keys as Python's configparser reads them with its defaults (SCALE-Sim's
// .cfg files): `key = value` or `key: value`, comments on lines of their own, keys in any case.
// What the keys mean is the business of the importers. Values that go over several lines and
// references such as %(key)s are mistakes here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"

namespace sluice {

struct IniEntry {
  std::string key;    ///< as written
  std::string value;  ///< without the blanks around it; may be empty
  Location key_where;
  Location where;  ///< of the value; of the line's end when it is empty
};

struct IniSection {
  std::string name;
  Location where;
  std::vector<IniEntry> entries;

  /// The entry of this key in any case, or nullptr.
  const IniEntry* find(std::string_view key) const;
};

/// The sections of `text`. Mistakes go to `diagnostics`; only a text that is none throws SpecError.
std::vector<IniSection> read_ini(std::string_view text, const std::string& path,
                                 Diagnostics& diagnostics);

/// Whether two words are the same but for the case of ASCII letters.
bool same_word(std::string_view a, std::string_view b);

}  // namespace sluice
