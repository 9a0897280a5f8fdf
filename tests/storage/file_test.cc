#include "storage/file.h"

#include "runtime/base/result.h"
#include "tests/support/faulty_files.h"
#include "tests/support/temp_folder.h"

#include "tests/support/test.h"

using namespace tramontane;

TEST_CASE("a file is written, read, mapped, renamed and removed") {
  TempFolder folder;
  auto files = system_files();
  std::string path = folder.path() + "/a";
  std::string text(100'000, 'x');
  files->write(path, as_bytes(text));
  CHECK(as_text(files->read(path)) == text);
  CHECK(as_text(files->map(path)->bytes()) == text);
  files->rename(path, folder.path() + "/b");
  CHECK(files->list(folder.path()) == std::vector<std::string>{"b"});
  files->write(folder.path() + "/b", ByteView{});
  CHECK(files->read(folder.path() + "/b").empty());
  CHECK(files->map(folder.path() + "/b")->bytes().empty());
  files->make_folder(folder.path() + "/c/d");
  files->sync_folder(folder.path() + "/c");
  files->remove(folder.path() + "/c");
  files->remove(folder.path() + "/c");
  CHECK_FALSE(files->exists(folder.path() + "/c"));
  CHECK(!files->read("/proc/self/stat").empty());  // has no size until it is read
}

TEST_CASE("what is absent is not_found, what is refused is io, both name the path") {
  auto files = system_files();
  try {
    (void)files->read("/nowhere/x");
    FAIL("read a file that is not there");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::not_found);
    CHECK(error.text().find("/nowhere/x") != std::string::npos);
  }
  try {
    (void)files->read("/tmp");
    FAIL("read a folder");
  } catch (const Error& error) {
    CHECK(error.errc() == Errc::io);
  }
}

TEST_CASE("a durable write leaves the old content or the new, whatever fails") {
  auto system = system_files();
  std::string before = "the old content";
  std::string after = "the content that replaces it";
  for (auto fault : {Fault::refuse, Fault::torn, Fault::crash, Fault::torn_crash}) {
    for (std::uint64_t at = 1; at <= 4; ++at) {
      TempFolder folder;
      std::string path = folder.path() + "/value";
      write_durably(*system, path, as_bytes(before));
      FaultyFiles files(*system, {at, fault});
      bool done = true;
      try {
        write_durably(files, path, as_bytes(after));
      } catch (const Error&) {
        done = false;
      } catch (const Crashed&) {
        done = false;
      }
      CHECK(done == (at == 4));  // it makes three changes
      auto now = as_text(system->read(path)) == after;
      CHECK((now || as_text(system->read(path)) == before));
      if (done) CHECK(now);
      write_durably(*system, path, as_bytes(after));
      CHECK(as_text(system->read(path)) == after);
    }
  }
}

TEST_CASE("a durable write names the file only when it is whole, and makes the name durable") {
  auto system = system_files();
  TempFolder folder;
  FaultyFiles files(*system, {});
  std::string path = folder.path() + "/value";
  write_durably(files, path, as_bytes("content"));
  CHECK(files.history() == std::vector<std::string>{"write " + path + ".tmp", "rename to " + path,
                               "sync " + folder.path()});
}
