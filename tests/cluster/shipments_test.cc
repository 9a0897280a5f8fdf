// Files that come before their job: whole and as they were sent, or none of them.
#include "actors/cluster/shipments.h"

#include "actors/cluster/job_files.h"
#include "runtime/base/result.h"
#include "runtime/wire/hash.h"
#include "storage/temporary_folder.h"
#include "tests/cluster/cluster_values.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace fs = std::filesystem;

const std::string one = "0123456789abcdef";
const std::string other = "fedcba9876543210";

struct Dock {
  void send(const std::string& ticket, const std::string& name, const std::string& text,
      std::uint64_t offset = 0) {
    shipments.add({ticket, name, offset, hash_of(as_bytes(text))}, as_bytes(text), now);
  }

  ShippedFile file(const std::string& name, const std::string& text) const {
    return {name, text.size(), hash_of(as_bytes(text))};
  }

  void take(const std::string& ticket, const std::vector<ShippedFile>& files) {
    shipments.take(ticket, files, to);
  }

  std::optional<Errc> refusal(const std::function<void()>& act) const {
    try {
      act();
    } catch (const Error& error) {
      CHECK(!error.text().empty());
      return error.errc();
    }
    return std::nullopt;
  }

  std::string read(const std::string& name) const {
    std::ifstream in(to + "/" + name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  bool nothing_left() const {
    return shipments.size() == 0 && (!fs::exists(folder) || fs::is_empty(folder));
  }

  TemporaryFolder home;
  std::string folder = home.path() + "/shipments";
  std::string to = home.path() + "/runs/1-test/files";
  std::int64_t now = 1'000'000;
  Shipments shipments{folder};
};

}  // namespace

TEST_CASE("files that were sent in pieces are their job's, and of no other") {
  Dock dock;
  std::string big(piece_most, 'b');
  dock.send(one, "big", big);
  dock.send(other, "big", "another");
  dock.send(one, "big", "end", piece_most);
  dock.send(one, "big", "end", piece_most);  // its answer was lost
  dock.send(one, "model/config.json", "{}");
  dock.send(one, "empty", "");
  CHECK(dock.shipments.size() == 2);
  dock.take(one, {dock.file("big", big + "end"), dock.file("model/config.json", "{}"),
                     dock.file("empty", "")});
  CHECK(dock.read("big") == big + "end");
  CHECK(dock.read("model/config.json") == "{}");
  CHECK(fs::exists(dock.to + "/empty"));
  CHECK(dock.shipments.size() == 1);
  CHECK(dock.refusal([&] { dock.take(one, {}); }) == Errc::bad_input);
}

TEST_CASE("a name that leads elsewhere, a number that is none and a damaged piece are refused") {
  Dock dock;
  for (const char* name : {"../x", "/etc/x", "a/../x", "", "."})
    CHECK(dock.refusal([&] { dock.send(one, name, "x"); }) == Errc::bad_input);
  for (const char* ticket : {"", "..", "0123", "0123456789abcdeF", "0123456789abcdef0"})
    CHECK(dock.refusal([&] { dock.send(ticket, "x", "x"); }) == Errc::bad_input);
  CHECK(dock.refusal([&] {
    dock.shipments.add({one, "x", 0, 1}, as_bytes("x"), dock.now);
  }) == Errc::corrupt);
  CHECK(dock.nothing_left());
  dock.send(one, "x", "0123");
  CHECK(dock.refusal([&] { dock.send(one, "x", "9", 5); }) == Errc::bad_input);
  CHECK(dock.nothing_left());
}

TEST_CASE("what came is not what was submitted: nothing is taken over") {
  std::vector<ShippedFile> wanted;
  Dock dock;
  dock.send(one, "a", "0123");
  dock.send(one, "b", "");
  SUBCASE("another sum") {
    wanted = {dock.file("a", "0124"), dock.file("b", "")};
  }
  SUBCASE("another size") {
    wanted = {dock.file("a", "01234"), dock.file("b", "")};
  }
  SUBCASE("one more came") {
    wanted = {dock.file("a", "0123")};
  }
  SUBCASE("another name") {
    wanted = {dock.file("a", "0123"), dock.file("c", "")};
  }
  SUBCASE("it was cut off where it is stored") {
    fs::resize_file(dock.folder + "/" + one + "/a", 2);
    wanted = {dock.file("a", "0123"), dock.file("b", "")};
  }
  CHECK(dock.refusal([&] { dock.take(one, wanted); }) == Errc::bad_input);
  CHECK(dock.nothing_left());
  CHECK_FALSE(fs::exists(dock.to));
}

TEST_CASE("a job ships so much and no more, and few jobs at once") {
  Dock dock;
  std::string piece(piece_most, 'x');
  std::uint64_t sent = 0;
  for (; sent + piece.size() <= shipped_most; sent += piece.size())
    dock.send(one, "a", piece, sent);
  std::string rest(shipped_most - sent, 'y');
  dock.send(one, "b", rest);
  CHECK(dock.refusal([&] { dock.send(one, "c", "1"); }) == Errc::bad_input);
  CHECK(dock.nothing_left());
  for (int i = 0; i < 16; ++i)
    dock.send(str("0123456789abcd", i < 10 ? "0" : "1", i % 10), "a", "1");
  CHECK(dock.refusal([&] { dock.send(one, "a", "1"); }) == Errc::full);
  CHECK(dock.shipments.size() == 16);
}

TEST_CASE("what nobody goes on with is dropped, as is what an earlier head left") {
  Dock dock;
  dock.send(one, "a", "1");
  dock.now += 500'000;
  dock.send(other, "a", "1");
  dock.now += 100'000;
  dock.shipments.drop_idle(dock.now);
  CHECK(dock.shipments.size() == 1);
  CHECK_FALSE(fs::exists(dock.folder + "/" + one));
  CHECK(fs::exists(dock.folder + "/" + other));
  Shipments next(dock.folder);
  CHECK_FALSE(fs::exists(dock.folder));
}

TEST_CASE("a folder that is there already is nobody else's") {
  Dock dock;
  fs::create_directories(dock.to);
  dock.send(one, "a", "1");
  CHECK(dock.refusal([&] { dock.take(one, {dock.file("a", "1")}); }) == Errc::io);
  CHECK(dock.nothing_left());
}
