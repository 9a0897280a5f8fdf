#include "actors/cluster/fetch.h"

#include "actors/cluster/job_files.h"
#include "runtime/base/check.h"
#include "runtime/base/descriptor.h"
#include "runtime/base/result.h"
#include "runtime/wire/hash.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fnmatch.h>
#include <unistd.h>
#include <utility>

namespace tramontane {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int tries = 3;  // of a piece that comes damaged
constexpr const char* unfinished = ".fetching";

struct Remote {
  std::string name;
  std::uint64_t bytes = 0;
};

[[noreturn]] void fail(const std::string& path) {
  throw Error(Errc::io, str(path, ": ", std::strerror(errno)));
}

json::object parsed(const HeadAnswer& answer) {
  return json::parse(answer.answer).as_object();
}

bool wanted(const std::string& name, const std::vector<std::string>& only) {
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

class Fetch {
 public:
  Fetch(const AskHeadFor& ask, std::uint64_t job, const std::string& folder)
      : ask_(ask), job_(job), folder_(folder) {}

  Fetched run(const std::vector<std::string>& only) {
    std::vector<Remote> files = list(only);
    std::erase_if(files, [&](const Remote& file) { return is_there(file); });
    for (const Remote& file : files) over_ ? copy(file) : copy_of_running(file);
    return got_;
  }

 private:
  std::vector<Remote> list(const std::vector<std::string>& only) {
    std::string state(parsed(ask_("job", {{"id", job_}}, {})).at("state").as_string());
    over_ = state == "finished" || state == "failed" || state == "stopped";
    std::vector<Remote> files;
    for (json::value after = "";;) {
      json::object page = parsed(ask_("files", {{"id", job_}, {"after", after}}, {}));
      for (const json::value& each : page.at("left_out").as_array())
        got_.left_out.emplace_back(each.as_string());
      for (const json::value& each : page.at("files").as_array()) {
        Remote file{
            std::string(each.at("name").as_string()), each.at("bytes").to_number<std::uint64_t>()};
        // It is written below a folder of the user's.
        if (!is_file_name(file.name))
          throw Error(Errc::bad_input, str("the head names a file \"", file.name, "\""));
        if (!wanted(file.name, only)) continue;
        bool ledger = !over_ && file.name.starts_with("ledger/");
        got_.without_ledger = got_.without_ledger || ledger;
        if (!ledger) files.push_back(std::move(file));
      }
      after = page.at("next");
      if (after.is_null()) break;
    }
    if (files.empty() && !only.empty())
      throw Error(Errc::not_found, str("job ", job_, " has no file like ", only.front()));
    return files;
  }

  // Of these bytes as they are at the head.
  std::uint64_t sum_there(const Remote& file, std::uint64_t offset, std::uint64_t bytes) {
    json::object answer = parsed(ask_("piece", request(file, offset, bytes, true), {}));
    expect(file, bytes, answer);
    return answer.at("sum").to_number<std::uint64_t>();
  }

  Bytes piece(const Remote& file, std::uint64_t offset, std::uint64_t bytes) {
    for (int left = tries; left > 0; --left) {
      HeadAnswer answer = ask_("piece", request(file, offset, bytes, false), {});
      json::object said = parsed(answer);
      expect(file, bytes, said);
      if (answer.data.size() == bytes &&
          hash_of(answer.data) == said.at("sum").to_number<std::uint64_t>())
        return std::move(answer.data);
    }
    throw Error(Errc::corrupt, str(file.name, ": the bytes from ", offset, " on came damaged ",
                                   tries, " times: fetch again"));
  }

  json::object request(
      const Remote& file, std::uint64_t offset, std::uint64_t bytes, bool sum_only) const {
    return {{"id", job_}, {"name", file.name}, {"offset", offset}, {"bytes", bytes},
        {"sum_only", sum_only}};
  }

  static void expect(const Remote& file, std::uint64_t bytes, const json::object& answer) {
    if (answer.at("bytes").to_number<std::uint64_t>() != bytes)
      throw Error(Errc::stale, str(file.name, " became shorter while it was fetched: fetch again"));
  }

  static std::uint64_t next_piece(const Remote& file, std::uint64_t offset) {
    return std::min<std::uint64_t>(piece_most, file.bytes - offset);
  }

  std::string path_of(const Remote& file) const { return str(folder_, "/", file.name); }

  // How many of the file's first bytes the descriptor's file has, in whole pieces.
  std::uint64_t same(const Remote& file, int descriptor) {
    std::uint64_t offset = 0;
    Bytes here;
    while (offset < file.bytes) {
      here.resize(next_piece(file, offset));
      ssize_t count = ::pread(descriptor, here.data(), here.size(), static_cast<off_t>(offset));
      if (count != static_cast<ssize_t>(here.size())) break;
      if (hash_of(here) != sum_there(file, offset, here.size())) break;
      offset += here.size();
    }
    return offset;
  }

  bool is_there(const Remote& file) {
    std::string path = path_of(file);
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return false;
    Descriptor here(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    bool equal = here.get() >= 0 && fs::is_regular_file(path, error) &&
                 fs::file_size(path, error) == file.bytes && same(file, here.get()) == file.bytes;
    if (!equal)
      throw Error(Errc::refused,
          str(path,
              " is there already, and is not the job's: nothing was copied. Fetch into "
              "another folder, or remove it"));
    ++got_.already;
    return true;
  }

  // It may be replaced, or go, at any time.
  void copy_of_running(Remote file) {
    for (int left = tries;; --left) {
      try {
        return copy(file);
      } catch (const Error& error) {
        bool gone = error.errc() == Errc::not_found;
        if (!gone && (error.errc() != Errc::stale || left == 1)) throw;
        if (gone) {
          std::error_code ignored;  // of what was begun
          fs::remove(path_of(file) + unfinished, ignored);
          return;
        }
        file.bytes = parsed(ask_("piece", request(file, 0, 0, true), {}))
                         .at("size")
                         .to_number<std::uint64_t>();
      }
    }
  }

  void copy(const Remote& file) {
    std::string path = path_of(file);
    std::string part = path + unfinished;
    std::error_code error;
    fs::create_directories(fs::path(path).parent_path(), error);
    if (error) throw Error(Errc::io, str(path, ": ", error.message()));
    Descriptor out(::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (out.get() < 0) fail(part);
    std::uint64_t offset = same(file, out.get());
    if (::ftruncate(out.get(), static_cast<off_t>(offset)) != 0) fail(part);
    while (offset < file.bytes) {
      Bytes bytes = piece(file, offset, next_piece(file, offset));
      write(out.get(), part, bytes, offset);
      offset += bytes.size();
      got_.bytes += bytes.size();
    }
    if (::fsync(out.get()) != 0) fail(part);
    // Whoever made a file of that name meanwhile keeps it.
    if (::renameat2(AT_FDCWD, part.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
      if (errno != EINVAL) fail(path);
      if (fs::exists(path)) throw Error(Errc::io, str(path, " was made meanwhile"));
      if (::rename(part.c_str(), path.c_str()) != 0) fail(path);
    }
    ++got_.files;
  }

  static void write(int descriptor, const std::string& path, ByteView bytes, std::uint64_t offset) {
    while (!bytes.empty()) {
      ssize_t count = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail(path);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  const AskHeadFor& ask_;
  const std::uint64_t job_;
  const std::string folder_;
  bool over_ = false;
  Fetched got_;
};

}  // namespace

Fetched fetch_job(const AskHeadFor& ask, std::uint64_t job, const std::string& folder,
    const std::vector<std::string>& only) {
  return Fetch(ask, job, folder).run(only);
}

}  // namespace tramontane
