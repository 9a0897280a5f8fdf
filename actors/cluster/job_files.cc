#include "actors/cluster/job_files.h"

#include "actors/cluster/job_logs.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>

namespace tramontane {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t name_most = 1000;
constexpr std::size_t told_most = 20;  // of what could not be removed

// Of an ordinary file; nothing of anything else.
struct Entry {
  std::optional<std::uint64_t> bytes;
};

// The first `most` after that name, and one more. What vanishes meanwhile is left out.
std::map<std::string, Entry> entries(
    const std::string& folder, const std::string& after, std::size_t most) {
  std::map<std::string, Entry> found;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code gone;
    fs::file_status status = at->symlink_status(gone);
    if (gone || fs::is_directory(status)) continue;
    std::string name = at->path().string().substr(folder.size() + 1);
    if (name <= after) continue;
    Entry entry;
    if (fs::is_regular_file(status) && is_file_name(name)) {
      entry.bytes = at->file_size(gone);
      if (gone) continue;
    }
    found.emplace(std::move(name), entry);
    if (found.size() > most + 1) found.erase(std::prev(found.end()));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(Errc::io, str(folder, ": ", error.message()));
  return found;
}

bool reached_by_link(const std::string& folder, const std::string& name) {
  fs::path path = folder;
  for (const fs::path& part : fs::path(name)) {
    path /= part;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(path, error))) return true;
  }
  return false;
}

// Everything below, and the folder; goes on where something stays.
void remove_tree(const fs::path& path, std::vector<std::string>& problems) {
  std::error_code error;
  fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) {
    if (error && error != std::errc::no_such_file_or_directory &&
        error != std::errc::not_a_directory)
      problems.push_back(str(path.string(), ": ", error.message()));
    return;
  }
  std::size_t before = problems.size();
  if (fs::is_directory(status)) {
    std::vector<fs::path> all;
    fs::directory_iterator at(path, error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) all.push_back(at->path());
    if (error) problems.push_back(str(path.string(), ": ", error.message()));
    for (const fs::path& each : all) remove_tree(each, problems);
  }
  if (problems.size() > before) return;  // it is not empty, for a reason that is told
  if (!fs::remove(path, error) && error)
    problems.push_back(str(path.string(), ": ", error.message()));
}

}  // namespace

bool is_file_name(std::string_view name) {
  if (name.size() > name_most || name.find('\0') != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    std::size_t end = std::min(name.find('/', begin), name.size());
    std::string_view part = name.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

json::object list_files(const std::string& folder, const std::string& after, std::size_t most) {
  json::array files;
  json::array left_out;
  json::value next;
  std::string last;
  std::size_t told = 0;
  for (const auto& [name, entry] : entries(folder, after, most)) {
    if (told++ == most) {
      next = last;
      break;
    }
    last = name;
    if (entry.bytes)
      files.push_back(json::object{{"name", name}, {"bytes", *entry.bytes}});
    else
      left_out.push_back(json::string(name));
  }
  return {
      {"files", std::move(files)}, {"left_out", std::move(left_out)}, {"next", std::move(next)}};
}

FilePiece read_piece(
    const std::string& folder, const std::string& name, std::uint64_t offset, std::size_t bytes) {
  if (!is_file_name(name)) throw Error(Errc::bad_input, str("\"", name, "\" names no file"));
  if (bytes > piece_most)
    throw Error(Errc::bad_input, str("a piece of ", bytes, " bytes: ", piece_most, " at most"));
  std::string path = str(folder, "/", name);
  std::error_code error;
  if (reached_by_link(folder, name) || !fs::is_regular_file(path, error))
    throw Error(Errc::not_found, str("there is no file ", name, " in ", folder));
  FilePiece piece{.size = fs::file_size(path, error)};
  if (error) throw Error(Errc::io, str(path, ": ", error.message()));
  if (offset >= piece.size) return piece;
  piece.bytes.resize(std::min<std::uint64_t>(bytes, piece.size - offset));
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(piece.bytes.data()),
      static_cast<std::streamsize>(piece.bytes.size()));
  if (!file && !file.eof()) throw Error(Errc::io, str(path, ": ", std::strerror(errno)));
  piece.bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return piece;
}

std::vector<std::string> remove_files(const std::string& home, const HeadJob& job, bool keep_run) {
  std::vector<std::string> problems;
  // The run first: its log tells of it as long as it is there.
  if (!keep_run) remove_tree(job.run, problems);
  if (problems.empty()) remove_tree(driver_log(home, job), problems);
  if (problems.size() > told_most) {
    std::size_t more = problems.size() - told_most;
    problems.resize(told_most);
    problems.push_back(str("and ", more, " more"));
  }
  return problems;
}

}  // namespace tramontane
