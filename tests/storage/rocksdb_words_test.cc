#include "storage/rocksdb_words.h"

#include "runtime/base/descriptor.h"
#include "tests/support/temp_folder.h"

#include <rocksdb/env.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace

TEST_CASE("the store's words from warnings on are lines at the end of its file") {
  TempFolder folder;
  std::string path = folder.path() + "/LOG";
  auto files = open_files();
  for (int life = 1; life <= 2; ++life) {
    auto words = rocksdb_words(path);
    CHECK(open_files() == files + 1);
    rocksdb::Header(words, "a header");
    rocksdb::Info(words, "so far so good");
    rocksdb::Warn(words, "%s %d", "watch out", life);
    rocksdb::Error(words, "that went wrong");
  }
  CHECK(open_files() == files);
  CHECK(
      text_of(path) ==
      "[WARN] watch out 1\n[ERROR] that went wrong\n[WARN] watch out 2\n[ERROR] that went wrong\n");
}

TEST_CASE("a word that is too long for a line is cut off") {
  TempFolder folder;
  std::string path = folder.path() + "/LOG";
  for (int length : {1010, 1022, 1023, 1024, 5000}) {
    std::filesystem::remove(path);
    std::string text(static_cast<std::size_t>(length), 'x');
    rocksdb::Warn(rocksdb_words(path), "%s", text.c_str());
    std::string line = text_of(path);
    CHECK(line.size() <= 1023);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(line.find('\0') == std::string::npos);
    CHECK(line.size() >= std::min<std::size_t>(text.size(), 1000));
  }
}

TEST_CASE("a life of the store has a mebibyte of words, and then no more") {
  TempFolder folder;
  std::string path = folder.path() + "/LOG";
  std::uintmax_t most = 1 << 20;
  std::string text(500, 'x');
  for (std::uintmax_t life = 1; life <= 2; ++life) {
    auto words = rocksdb_words(path);
    for (int i = 0; i < 3000; ++i) rocksdb::Warn(words, "%s", text.c_str());
    CHECK(std::filesystem::file_size(path) >= life * most);
    CHECK(std::filesystem::file_size(path) <= life * (most + 1024));
  }
}

TEST_CASE("words that have no file are lost, and nothing else") {
  TempFolder folder;
  Descriptor lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));  // so that 0 is open, too
  auto files = open_files();
  for (const std::string& path : {std::string(), folder.path() + "/none/LOG"}) {
    auto words = rocksdb_words(path);
    rocksdb::Error(words, "nobody hears");
  }
  CHECK(open_files() == files);
  CHECK(std::filesystem::is_empty(folder.path()));
  rocksdb::Error(rocksdb_words("/dev/full"), "there is no room");
}
