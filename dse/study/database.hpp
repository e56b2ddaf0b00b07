// SPDX-License-Identifier: Apache-2.0
// SQLite, as far as studies need it. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dse/study/study.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice {

struct Study::Database {
  std::string path;
  sqlite3* connection = nullptr;

  explicit Database(std::string file) : path(std::move(file)) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void open(int flags);
  void run(const char* sql);

  /// Opens a transaction: until this connection ends, others may read but not write. Throws when
  /// another writes.
  void reserve();
  /// From now on waits up to a minute for others that read or write.
  void wait_for_others();
  /// Puts the transaction on the disk and opens the next.
  void commit();
  /// Drops what the transaction has done and opens the next.
  void take_back();

  /// Whether it holds a study; false when it is empty. Throws when others keep something in it.
  bool has_study() const;
  /// What the study says of itself; throws when it says nothing under that name.
  std::string info(std::string_view key) const;
  void require_format(std::uint64_t version) const;
};

/// One statement, which ends with its scope.
class Statement {
 public:
  Statement(const Study::Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::uint64_t value);
  Statement& bind(int index, std::string_view text);  ///< `text` must outlive the next step
  /// Whether there is a row.
  bool step();
  /// For the next use with other values.
  void reset();

  std::uint64_t number(int column) const;
  std::string_view text(int column) const;  ///< until the next step

 private:
  const Study::Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace sluice
