// SPDX-License-Identifier: Apache-2.0
#include "dse/study/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace sluice {
namespace {

/// What SQLite says, in words that tell what to do.
std::string reason_of(sqlite3* connection) {
  switch (sqlite3_errcode(connection)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process is writing to it";
    case SQLITE_FULL:
      return "the disk is full; what was stored before is complete";
    case SQLITE_CORRUPT:
      return "the file is damaged";
    case SQLITE_NOTADB:
      return "this is no study";
    case SQLITE_CANTOPEN:
      return "it cannot be opened";
    case SQLITE_IOERR:
      return "it cannot be written; what was stored before is complete";
    case SQLITE_READONLY:
      return "it cannot be written to";
    default:
      return sqlite3_errmsg(connection);
  }
}

[[noreturn]] void fail(const std::string& path, sqlite3* connection) {
  throw StudyError(fmt::format("{}: {}", path, reason_of(connection)));
}

}  // namespace

Statement::Statement(const Study::Database& database, std::string_view sql) : database_(database) {
  if (sqlite3_prepare_v2(database.connection, sql.data(), static_cast<int>(sql.size()), &statement_,
                         nullptr) != SQLITE_OK)
    fail(database.path, database.connection);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::uint64_t value) {
  if (sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value)) != SQLITE_OK)
    fail(database_.path, database_.connection);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  if (sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()),
                        SQLITE_STATIC) != SQLITE_OK)
    fail(database_.path, database_.connection);
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result != SQLITE_ROW && result != SQLITE_DONE) fail(database_.path, database_.connection);
  return result == SQLITE_ROW;
}

void Statement::reset() { sqlite3_reset(statement_); }

std::uint64_t Statement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_, column));
}

std::string_view Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Study::Database::~Database() { sqlite3_close(connection); }

void Study::Database::open(int flags) {
  if (std::filesystem::is_directory(path))
    throw StudyError(path + ": this is a folder, a study is a file");
  if (sqlite3_open_v2(path.c_str(), &connection, flags, nullptr) != SQLITE_OK)
    fail(path, connection);
  sqlite3_extended_result_codes(connection, 0);
}

void Study::Database::run(const char* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(path, connection);
}

void Study::Database::reserve() { run("BEGIN IMMEDIATE"); }

void Study::Database::wait_for_others() { sqlite3_busy_timeout(connection, 60'000); }

void Study::Database::commit() {
  run("COMMIT");
  reserve();
}

void Study::Database::take_back() {
  sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
}

bool Study::Database::has_study() const {
  Statement query(*this, "SELECT count(*), coalesce(sum(name = 'info'), 0) FROM sqlite_master");
  query.step();
  if (query.number(0) > 0 && query.number(1) == 0)
    throw StudyError(path + ": this is no study, but another database");
  return query.number(0) > 0;
}

std::string Study::Database::info(std::string_view key) const {
  Statement query(*this, "SELECT value FROM info WHERE key = ?");
  if (!query.bind(1, key).step())
    throw StudyError(fmt::format("{}: the study does not say its {}", path, key));
  return std::string(query.text(0));
}

void Study::Database::require_format(std::uint64_t version) const {
  const std::string found = info("format_version");
  if (found != fmt::format("{}", version))
    throw StudyError(fmt::format("{}: the study has format {}, this sluice reads format {}", path,
                                 found, version));
}

}  // namespace sluice
