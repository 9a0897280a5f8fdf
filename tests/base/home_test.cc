#include "runtime/base/home.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "tests/support/temp_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

void write(const std::string& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
}

std::string refusal(const std::string& path) {
  try {
    token_of(path);
  } catch (const Error& error) {
    return error.text();
  }
  return "";
}

}  // namespace

TEST_CASE("a token is made once, for its owner alone, and read again") {
  TempFolder folder;
  std::string path = folder.path() + "/token";
  AccessToken token = token_of(path);
  CHECK(token_of(path) == token);
  CHECK(token_of(folder.path() + "/other") != token);

  struct stat status {};

  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  std::string text;
  std::ifstream(path) >> text;
  CHECK(text == token_text(token));
  CHECK(text.size() == 64);
  int files = 0;
  for ([[maybe_unused]] auto& each : std::filesystem::directory_iterator(folder.path())) ++files;
  CHECK(files == 2);
}

TEST_CASE("whoever makes a token at once has the same one") {
  for (int round = 0; round < 20; ++round) {
    TempFolder folder;
    std::vector<AccessToken> tokens(4);
    std::vector<std::thread> threads;
    for (AccessToken& token : tokens)
      threads.emplace_back([&] { token = token_of(folder.path() + "/token"); });
    for (std::thread& each : threads) each.join();
    CHECK(std::set<AccessToken>(tokens.begin(), tokens.end()).size() == 1);
  }
}

TEST_CASE("a token that others may read, or that is none, is refused by name") {
  TempFolder folder;
  std::string path = folder.path() + "/token";
  std::string good(64, 'a');
  write(path, good + "\n", 0644);
  CHECK(refusal(path).find("chmod 600") != std::string::npos);
  for (const std::string& bad : {std::string(), good + "a", good.substr(1), std::string(64, 'g'),
           std::string(64, 'A'), std::string(1 << 20, 'a'), std::string(64, '\0')}) {
    write(path, bad, 0600);
    CHECK(refusal(path).find("64 hexadecimal digits") != std::string::npos);
  }
  write(path, good, 0600);
  CHECK(token_text(token_of(path)) == good);
  std::filesystem::create_symlink(path, folder.path() + "/link");
  CHECK_FALSE(refusal(folder.path() + "/link").empty());
  CHECK_FALSE(refusal(folder.path()).empty());
  CHECK(refusal(folder.path() + "/none/token").find("cannot be made") != std::string::npos);
}

TEST_CASE("a home is made with its parents, closed to others") {
  TempFolder folder;
  std::string home = folder.path() + "/a/b";
  ::setenv("TRAM_HOME", home.c_str(), 1);
  CHECK(home_folder() == home);
  CHECK(home_folder() == home);

  struct stat status {};

  REQUIRE(::stat(home.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  ::unsetenv("TRAM_HOME");
  ::setenv("XDG_STATE_HOME", folder.path().c_str(), 1);
  CHECK(home_folder() == folder.path() + "/tramontane");
  ::unsetenv("XDG_STATE_HOME");
}

TEST_CASE("secrets are compared whole") {
  Bytes one(32, std::byte{7});
  Bytes other = one;
  CHECK(equal_in_constant_time(one, other));
  other.back() = std::byte{8};
  CHECK_FALSE(equal_in_constant_time(one, other));
  CHECK_FALSE(equal_in_constant_time(one, ByteView(one).first(31)));
}
