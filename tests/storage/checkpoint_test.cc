#include "storage/checkpoint.h"

#include "runtime/base/check.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "tests/support/faulty_files.h"
#include "tests/support/temp_folder.h"

#include <boost/json.hpp>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

std::map<std::string, Bytes> content(std::uint64_t version) {
  std::string weights = str("weights of version ", version);
  auto view = as_bytes(weights);
  return {{"weights.bin", Bytes(view.begin(), view.end())}, {"empty.bin", {}},
      {"config.json", Bytes(100, std::byte(version))}};
}

boost::json::object about(std::uint64_t version) {
  return {{"score", 0.1 * static_cast<double>(version)}, {"note", "α \"quoted\""}};
}

std::vector<std::uint64_t> versions(const CheckpointStore& store) {
  std::vector<std::uint64_t> found;
  for (const auto& info : store.list()) {
    if (info.valid()) found.push_back(info.version);
  }
  return found;
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was saved") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path() + "/checkpoints", {});
  CHECK(store.list().empty());
  CHECK_FALSE(store.newest_valid());
  auto path = store.save(120, content(120), about(120));
  CHECK(path == folder.path() + "/checkpoints/step-000120");
  auto checkpoint = store.load(path);
  CHECK(checkpoint.version == 120);
  CHECK(checkpoint.files == content(120));
  CHECK(checkpoint.about == about(120));
  auto list = store.list();
  REQUIRE(list.size() == 1);
  CHECK(list[0].valid());
  CHECK(list[0].about == about(120));
  CHECK(list[0].bytes == 100 + std::string("weights of version 120").size());
}

TEST_CASE("a file in pieces is written, and checked, as one") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {});
  auto whole = content(7);
  std::map<std::string, Pieces> pieces;
  for (const auto& [name, bytes] : whole) {
    ByteView view = bytes;
    std::size_t cut = bytes.size() / 3;
    pieces[name] = Pieces(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)));
    std::size_t some = (bytes.size() - cut) / 2;
    pieces[name].borrow(view.subspan(cut, some));
    pieces[name].borrow({});
    pieces[name].borrow(view.subspan(cut + some));
    CHECK(pieces[name].size() == bytes.size());
    CHECK(pieces[name].joined() == bytes);
  }
  auto path = store.save(7, pieces, about(7));
  CHECK(store.load(path).files == whole);
  REQUIRE(store.list().size() == 1);
  CHECK(store.list()[0].problem == "");
}

TEST_CASE("a manifest is checked as the text it is, whatever numbers it holds") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 1000});
  Random random(1, 2);
  for (std::uint64_t version = 0; version < 300; ++version) {
    boost::json::object figures{{"average", random.normal()}, {"best", 1e-9 * random.normal()}};
    auto path = store.save(version, content(version), figures);
    CHECK_NOTHROW(store.load(path));
  }
}

TEST_CASE("the best and the last ones are kept") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 2});
  for (std::uint64_t version : {1, 2, 3}) {
    store.save(version, content(version), {});
    if (version == 1) store.mark_best(1, 0.5);
  }
  CHECK(versions(store) == std::vector<std::uint64_t>{1, 2, 3});
  CHECK(store.best() == 1);
  CHECK(store.best_score() == 0.5);
  CHECK(store.has(3));
  CHECK_FALSE(store.has(4));
  store.save(1'000'000, content(4), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{1, 3, 1'000'000});
  store.mark_best(3, 0.5);
  store.save(1'000'001, content(5), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{3, 1'000'000, 1'000'001});
  CHECK(store.newest_valid()->version == 1'000'001);
}

TEST_CASE("where it is not known which one did best, none is removed") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 1});
  store.save(1, content(1), {});
  CHECK_FALSE(store.best_problem());
  store.mark_best(1, 0.5);
  CHECK_FALSE(store.best_problem());
  std::string best = folder.path() + "/best.json";
  for (std::string text : {"", "{}", "[1]", "{\"version\":\"1\"}", "{\"version\":-1}",
           "{\"version\":1.5,\"score\":1}", "{\"version\":7,\"score\":1}", "{\"version\":1}",
           "{\"version\":1,\"score\":\"high\"}", "{\"versi"}) {
    files->write(best, as_bytes(text));
    CHECK(store.best() == std::nullopt);
    REQUIRE(store.best_problem());
    CHECK(store.best_problem()->find("best.json") != std::string::npos);
    CHECK_FALSE(store.list()[0].best);
  }
  store.save(2, content(2), {});
  store.save(3, content(3), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{1, 2, 3});
  store.mark_best(2, 0.5);
  CHECK(versions(store) == std::vector<std::uint64_t>{2, 3});
  CHECK_FALSE(store.best_problem());
}

TEST_CASE("what a checkpoint says about itself is read without its weights") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {});
  std::string path = store.save(1, content(1), {{"form", "plain"}});
  CHECK(about_checkpoint(*files, path) == boost::json::object{{"form", "plain"}});
  CHECK(about_checkpoint(*files, folder.path()).empty());  // nobody's checkpoint
  files->write(path + "/manifest.json", as_bytes("{\"format\":1,\"check\":\"0\"}"));
  CHECK_THROWS_AS(about_checkpoint(*files, path), Error);
}

TEST_CASE("folders of other names are no checkpoints, and stay") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 1});
  const std::vector<std::string> others = {
      "step-", "step-000007-old", "step-7 copy", "step-99999999999999999999", "step-new", "notes"};
  for (const auto& name : others) files->make_folder(folder.path() + "/" + name);
  for (std::uint64_t version : {1, 2}) store.save(version, content(version), {});
  auto all = store.list();
  REQUIRE(all.size() == 1);
  CHECK(all[0].version == 2);
  CHECK(store.damaged().empty());
  CHECK(store.newest_valid()->skipped.empty());
  for (const auto& name : others) CHECK(files->exists(folder.path() + "/" + name));
}

TEST_CASE("a run that went back past damaged checkpoints keeps what it saves then") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 2});
  for (std::uint64_t version : {20, 30}) {
    auto saved = store.save(version, content(version), {});
    files->write(saved + "/weights.bin", ByteView{});
  }
  CHECK_FALSE(store.newest_valid());
  auto damaged = store.damaged();
  REQUIRE(damaged.size() == 2);
  CHECK(damaged[0].find("step-000030/weights.bin") != std::string::npos);
  CHECK(damaged[1].find("step-000020/weights.bin") != std::string::npos);
  store.save(1, content(1), {});
  CHECK(store.newest_valid()->version == 1);
  store.save(2, content(2), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{1, 2});
  store.save(3, content(3), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{2, 3});
  CHECK(store.damaged().size() == 2);
  store.save(20, content(20), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{3, 20});
  store.save(30, content(30), {});
  CHECK(versions(store) == std::vector<std::uint64_t>{20, 30});
  CHECK(store.damaged().empty());
}

TEST_CASE("every flipped, missing or shortened byte is found and named") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {.keep_last = 3});
  store.save(1, content(1), about(1));
  auto newest = store.save(2, content(2), about(2));
  for (const std::string name : {"weights.bin", "config.json", "manifest.json"}) {
    std::string path = newest + "/" + name;
    auto whole = files->read(path);
    auto spoiled = [&](const Bytes& bytes) {
      files->write(path, bytes);
      auto checkpoint = store.newest_valid();
      REQUIRE(checkpoint);
      CHECK(checkpoint->version == 1);
      REQUIRE(checkpoint->skipped.size() == 1);
      CHECK(checkpoint->skipped[0].find("step-000002") != std::string::npos);
      CHECK_FALSE(store.list()[1].valid());
      CHECK_THROWS_AS((void)store.load(newest), Error);
    };
    for (std::size_t at = 0; at < whole.size(); at += 5) {
      auto bytes = whole;
      bytes[at] ^= std::byte{1};
      spoiled(bytes);
    }
    spoiled(Bytes(whole.begin(), whole.begin() + 3));
    files->remove(path);
    CHECK(store.newest_valid()->version == 1);
    files->write(path, whole);
    CHECK(store.newest_valid()->version == 2);
  }
}

TEST_CASE("files are held against the manifest beside them, and a manifest of others is not ours") {
  TempFolder folder;
  auto files = system_files();
  CheckpointStore store(*files, folder.path(), {});
  auto saved = store.save(2, content(2), about(2));
  auto problem = [&](const std::vector<std::string>& names) -> std::string {
    try {
      check_files(*files, saved, names);
    } catch (const Error& error) {
      CHECK(error.errc() == Errc::corrupt);
      return error.text();
    }
    return "";
  };
  CHECK(problem({"weights.bin", "config.json", "of others.bin"}) == "");
  auto whole = files->read(saved + "/weights.bin");
  auto bytes = whole;
  bytes.back() ^= std::byte{1};
  files->write(saved + "/weights.bin", bytes);
  CHECK(problem({"config.json"}) == "");
  CHECK(problem({"weights.bin"}).find("weights.bin: its content does not match its hash") !=
        std::string::npos);
  files->remove(saved + "/weights.bin");
  CHECK(problem({"weights.bin"}).find("weights.bin: it is missing") != std::string::npos);
  for (const std::string text : {"{\"name\": \"an application\"}", "{}"}) {
    files->write(saved + "/manifest.json", as_bytes(text));
    CHECK(problem({"weights.bin"}) == "");
  }
  for (const std::string text : {"", "no JSON", "[]", "{\"format\": 1}"}) {
    files->write(saved + "/manifest.json", as_bytes(text));
    CHECK(problem({}).find("manifest.json") != std::string::npos);
  }
  files->remove(saved + "/manifest.json");
  CHECK(problem({"weights.bin"}) == "");
}

TEST_CASE("a save that fails or dies at any step leaves whole checkpoints only") {
  auto system = system_files();
  for (auto fault : {Fault::refuse, Fault::torn, Fault::crash, Fault::torn_crash}) {
    for (bool replace : {false, true}) {
      bool done = false;
      for (std::uint64_t at = 1; !done; ++at) {
        TempFolder folder;
        CheckpointStore(*system, folder.path(), {.keep_last = 1}).save(1, content(1), about(1));
        std::uint64_t version = replace ? 1 : 2;
        FaultyFiles files(*system, {at, fault});
        done = true;
        try {
          CheckpointStore(files, folder.path(), {.keep_last = 1})
              .save(version, content(version), about(version));
        } catch (const Error&) {
          done = false;
        } catch (const Crashed&) {
          done = false;
        }
        // A reader that comes now finds the old one or the new one, whole.
        CheckpointStore after(*system, folder.path(), {.keep_last = 1});
        for (const auto& info : after.list()) CHECK_MESSAGE(info.valid(), info.problem);
        auto found = after.newest_valid();
        REQUIRE(found);
        CHECK(found->files == content(found->version));
        if (done) CHECK(found->version == version);
        // And the next save works and leaves no litter.
        after.save(3, content(3), about(3));
        CHECK(system->list(folder.path()) == std::vector<std::string>{"step-000003"});
        REQUIRE(at < 30);
      }
    }
  }
}

TEST_CASE(
    "a checkpoint has its name only when it is whole, and is saved only once that is durable") {
  TempFolder folder;
  auto system = system_files();
  FaultyFiles files(*system, {});
  std::string at = folder.path() + "/";
  CheckpointStore(files, folder.path(), {}).save(1, content(1), about(1));
  std::string writing = at + ".writing-step-000001";
  CHECK(files.history() ==
        std::vector<std::string>{"make " + folder.path(), "make " + writing,
            "write " + writing + "/config.json", "write " + writing + "/empty.bin",
            "write " + writing + "/weights.bin", "write " + writing + "/manifest.json",
            "sync " + writing, "rename to " + at + "step-000001", "sync " + folder.path()});
}
