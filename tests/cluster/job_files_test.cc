// The files of a job: listed, read, removed, and fetched whole or not at all.
#include "actors/cluster/job_files.h"

#include "actors/cluster/fetch.h"
#include "actors/cluster/head_answers.h"
#include "runtime/base/json_text.h"
#include "storage/temporary_folder.h"
#include "tests/cluster/cluster_values.h"

#include <boost/json/array.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

void write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string random_text(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  return text;
}

std::vector<std::string> names(const json::object& page) {
  std::vector<std::string> out;
  for (const json::value& file : page.at("files").as_array())
    out.emplace_back(file.at("name").as_string());
  return out;
}

// A head that has one job, which is over, and its run directory.
struct Place {
  Place() {
    write(run + "/metrics.jsonl", "{}\n");
    write(run + "/checkpoints/step-2/model", big);
    write(run + "/checkpoints/step-2/config.json", "{\"a\":1}");
    write(run + "/empty", "");
    write(run + "/ledger/CURRENT", "x");
    HeadJob job = job_of_test(1);
    job.id = 1;
    job.run = run;
    job.state = JobState::finished;
    state = std::make_unique<HeadState>(rules(), std::vector<HeadJob>{job}, now);
  }

  HeadRules rules() const {
    HeadRules rules = rules_of_test();
    rules.home = home.path();
    return rules;
  }

  AskHeadFor ask() {
    return [this](const std::string& what, const json::object& request, ByteView) {
      ++asked;
      HeadAnswer answer = answer_of_head(*state, home.path(), {what, json_text(request), {}}, now);
      if (on_answer) on_answer(what, request, answer);
      return answer;
    };
  }

  Fetched fetch(const std::vector<std::string>& only = {}) {
    return fetch_job(ask(), 1, folder, only);
  }

  std::optional<Errc> refusal(const std::vector<std::string>& only = {}) {
    try {
      fetch(only);
    } catch (const Error& error) {
      told = error.text();
      return error.errc();
    }
    return std::nullopt;
  }

  // Of the run directory, all with their content.
  bool fetched_all() const {
    for (const char* name : {"metrics.jsonl", "checkpoints/step-2/model",
             "checkpoints/step-2/config.json", "empty", "ledger/CURRENT"})
      if (read(str(folder, "/", name)) != read(str(run, "/", name)) ||
          !fs::exists(str(folder, "/", name)))
        return false;
    return true;
  }

  std::size_t unfinished() const {
    std::size_t count = 0;
    if (!fs::exists(folder)) return 0;
    for (const auto& each : fs::recursive_directory_iterator(folder))
      count += each.path().extension() == ".fetching" ? 1 : 0;
    return count;
  }

  TemporaryFolder home;
  std::string run = home.path() + "/runs/1-test";
  std::string folder = home.path() + "/here/deep";
  std::string big = random_text(2 * piece_most + 77, 5);
  std::int64_t now = 1'000'000;
  std::unique_ptr<HeadState> state;
  std::function<void(const std::string&, const json::object&, HeadAnswer&)> on_answer;
  int asked = 0;
  std::string told;
};

}  // namespace

TEST_CASE("a file's name leads below its folder, and nowhere else") {
  for (const char* name : {"a", "a/b", "a.b/..c", "...", "a b", "\xC3\xA4"})
    CHECK(is_file_name(name));
  for (const char* name : {"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a/../b", "./a"})
    CHECK_FALSE(is_file_name(name));
  CHECK_FALSE(is_file_name(std::string("a\0b", 3)));
  CHECK(is_file_name(std::string(1000, 'a')));
  CHECK_FALSE(is_file_name(std::string(1001, 'a')));
}

TEST_CASE("files are listed page by page in the order of their names, links left out") {
  TemporaryFolder at;
  std::set<std::string> all;
  for (int i = 0; i < 25; ++i) {
    std::string name = i % 3 == 0 ? str("folder/", i) : str("n", i);
    write(str(at.path(), "/", name), std::string(static_cast<std::size_t>(i), 'x'));
    all.insert(name);
  }
  fs::create_symlink("/etc", at.path() + "/link");
  fs::create_symlink("/etc/passwd", at.path() + "/folder/other");
  std::vector<std::string> found;
  std::vector<std::string> left_out;
  int pages = 0;
  for (json::value after = ""; !after.is_null(); ++pages) {
    json::object page = list_files(at.path(), std::string(after.as_string()), 4);
    for (const std::string& name : names(page)) found.push_back(name);
    for (const json::value& name : page.at("left_out").as_array())
      left_out.emplace_back(name.as_string());
    CHECK(page.at("files").as_array().size() + page.at("left_out").as_array().size() <= 4);
    after = page.at("next");
  }
  CHECK(found == std::vector<std::string>(all.begin(), all.end()));
  CHECK(left_out == std::vector<std::string>{"folder/other", "link"});
  CHECK(pages == 7);
  CHECK(names(list_files(at.path() + "/nowhere", "")).empty());
}

TEST_CASE("a piece is of the file that is named, and of no other") {
  TemporaryFolder at;
  write(at.path() + "/run/a", "0123456789");
  write(at.path() + "/secret", "s");
  fs::create_symlink("../secret", at.path() + "/run/link");
  fs::create_directory_symlink("..", at.path() + "/run/up");
  auto text = [&](std::uint64_t offset, std::size_t bytes) {
    return std::string(as_text(read_piece(at.path() + "/run", "a", offset, bytes).bytes));
  };
  CHECK(text(0, 4) == "0123");
  CHECK(text(8, 4) == "89");
  CHECK(text(10, 4).empty());
  CHECK(text(std::uint64_t{1} << 63, 4).empty());
  CHECK(read_piece(at.path() + "/run", "a", 3, 1).size == 10);
  auto refusal = [&](const std::string& name, std::size_t bytes = 1) -> std::optional<Errc> {
    try {
      read_piece(at.path() + "/run", name, 0, bytes);
    } catch (const Error& error) {
      return error.errc();
    }
    return std::nullopt;
  };
  CHECK(refusal("../secret") == Errc::bad_input);
  CHECK(refusal("link") == Errc::not_found);
  CHECK(refusal("up/secret") == Errc::not_found);
  CHECK(refusal("b") == Errc::not_found);
  CHECK(refusal("a", piece_most + 1) == Errc::bad_input);
}

TEST_CASE("a job that is over is fetched with all of its files, and a second time nothing comes") {
  Place place;
  Fetched got = place.fetch();
  CHECK(place.fetched_all());
  CHECK(got.files == 5);
  CHECK(got.bytes == place.big.size() + 3 + 7 + 1);
  CHECK_FALSE(got.without_ledger);
  CHECK(place.unfinished() == 0);
  got = place.fetch();
  CHECK(got.files == 0);
  CHECK(got.bytes == 0);
  CHECK(got.already == 5);
}

TEST_CASE("patterns say which files are fetched") {
  Place place;
  Fetched got = place.fetch({"checkpoints/*", "emp?y"});
  CHECK(got.files == 3);
  CHECK(fs::exists(place.folder + "/empty"));
  CHECK_FALSE(fs::exists(place.folder + "/metrics.jsonl"));
  CHECK(place.refusal({"nothing*"}) == Errc::not_found);
}

TEST_CASE("the ledger of a job that is not over is left out, and that is told") {
  Place place;
  HeadJob job = place.state->jobs().at(1);
  job.state = JobState::running;
  place.state = std::make_unique<HeadState>(place.rules(), std::vector<HeadJob>{job}, place.now);
  Fetched got = place.fetch();
  CHECK(got.without_ledger);
  CHECK(got.files == 4);
  CHECK_FALSE(fs::exists(place.folder + "/ledger"));
}

TEST_CASE("a file of a job that is not over may go, or become shorter, while it is fetched") {
  Place place;
  HeadJob job = place.state->jobs().at(1);
  job.state = JobState::running;
  place.state = std::make_unique<HeadState>(place.rules(), std::vector<HeadJob>{job}, place.now);
  place.on_answer = [&](const std::string& what, const json::object& request, HeadAnswer&) {
    if (what == "piece" && request.at("name") == "checkpoints/step-2/config.json") {
      fs::remove(place.run + "/metrics.jsonl");
      fs::resize_file(place.run + "/checkpoints/step-2/model", 5);
    }
  };
  Fetched got = place.fetch();
  CHECK(got.files == 3);
  CHECK(read(place.folder + "/checkpoints/step-2/model") == place.big.substr(0, 5));
  CHECK_FALSE(fs::exists(place.folder + "/metrics.jsonl"));
  CHECK(place.unfinished() == 0);
}

TEST_CASE("a file that is there and is another is refused before anything is copied") {
  Place place;
  write(place.folder + "/metrics.jsonl", "[]\n");  // of the same size
  CHECK(place.refusal() == Errc::refused);
  CHECK(place.told.find("metrics.jsonl is there already") != std::string::npos);
  CHECK(read(place.folder + "/metrics.jsonl") == "[]\n");
  CHECK_FALSE(fs::exists(place.folder + "/empty"));
  fs::remove(place.folder + "/metrics.jsonl");
  fs::create_symlink(place.run + "/metrics.jsonl", place.folder + "/metrics.jsonl");
  CHECK(place.refusal() == Errc::refused);
}

TEST_CASE("a piece that comes damaged is asked for again, and given up where all of them are") {
  Place place;
  int damaged = 0;
  place.on_answer = [&](const std::string& what, const json::object&, HeadAnswer& answer) {
    if (what != "piece" || answer.data.empty() || damaged == 2) return;
    ++damaged;
    answer.data[answer.data.size() / 2] ^= std::byte{1};
  };
  place.fetch();
  CHECK(damaged == 2);
  CHECK(place.fetched_all());
  fs::remove_all(place.folder);
  place.on_answer = [&](const std::string& what, const json::object& request, HeadAnswer& answer) {
    if (what == "piece" && request.at("offset") == piece_most) answer.data.resize(1);
  };
  CHECK(place.refusal() == Errc::corrupt);
  CHECK(place.told.find("checkpoints/step-2/model") != std::string::npos);
  CHECK_FALSE(fs::exists(place.folder + "/checkpoints/step-2/model"));
}

TEST_CASE("a fetch that was cut off goes on with what came, whatever became of that") {
  Place place;
  place.on_answer = [](const std::string& what, const json::object& request, HeadAnswer&) {
    if (what == "piece" && request.at("offset") == 2 * piece_most)
      throw Error(Errc::unknown, "the head is gone");
  };
  std::string part = place.folder + "/checkpoints/step-2/model.fetching";
  CHECK(place.refusal() == Errc::unknown);
  CHECK(fs::file_size(part) == 2 * piece_most);
  CHECK_FALSE(fs::exists(place.folder + "/checkpoints/step-2/model"));
  place.on_answer = nullptr;
  SUBCASE("whole pieces are not sent again") {
    Fetched got = place.fetch({"checkpoints/step-2/model"});
    CHECK(got.bytes == 77);
  }
  SUBCASE("a damaged one is") {
    std::fstream file(part, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(piece_most + 5);
    file.put(static_cast<char>(place.big[piece_most + 5] ^ 1));
    file.close();
    CHECK(place.fetch({"checkpoints/step-2/model"}).bytes == piece_most + 77);
  }
  SUBCASE("more than there is goes") {
    fs::resize_file(part, 4 * piece_most);
    CHECK(place.fetch({"checkpoints/step-2/model"}).bytes == 77);
  }
  place.fetch();
  CHECK(place.fetched_all());
  CHECK(place.unfinished() == 0);
}

TEST_CASE("a file that becomes shorter, or is removed, while it is fetched leaves no half of it") {
  Place place;
  int pieces = 0;
  bool shorter = false;
  SUBCASE("shorter") {
    shorter = true;
  }
  SUBCASE("removed") {}
  place.on_answer = [&](const std::string& what, const json::object& request, HeadAnswer&) {
    if (what != "piece" || request.at("name") != "checkpoints/step-2/model" || ++pieces > 1) return;
    if (shorter)
      fs::resize_file(place.run + "/checkpoints/step-2/model", piece_most + 5);
    else
      fs::remove_all(place.run);
  };
  CHECK(place.refusal() == (shorter ? Errc::stale : Errc::not_found));
  CHECK_FALSE(fs::exists(place.folder + "/checkpoints/step-2/model"));
  CHECK(place.told.find("model") != std::string::npos);
}

TEST_CASE("a head that names a file elsewhere writes nothing there") {
  Place place;
  place.on_answer = [](const std::string& what, const json::object&, HeadAnswer& answer) {
    if (what == "files")
      answer.answer = R"({"files":[{"name":"../../x","bytes":1}],"left_out":[],"next":null})";
  };
  CHECK(place.refusal() == Errc::bad_input);
  CHECK_FALSE(fs::exists(place.folder));
}

TEST_CASE("removing takes run directory and log, not what links lead to, and names what stays") {
  Place place;
  HeadJob job = place.state->jobs().at(1);
  write(place.home.path() + "/logs/job-1.log", "log");
  write(place.home.path() + "/outside/file", "o");
  fs::create_directory_symlink(place.home.path() + "/outside", place.run + "/link");
  SUBCASE("all of it") {
    CHECK(remove_files(place.home.path(), job, false).empty());
    CHECK_FALSE(fs::exists(place.run));
    CHECK_FALSE(fs::exists(place.home.path() + "/logs/job-1.log"));
    CHECK(read(place.home.path() + "/outside/file") == "o");
    CHECK(remove_files(place.home.path(), job, false).empty());  // it may be repeated
  }
  SUBCASE("but for the run") {
    CHECK(remove_files(place.home.path(), job, true).empty());
    CHECK(fs::exists(place.run + "/metrics.jsonl"));
    CHECK_FALSE(fs::exists(place.home.path() + "/logs/job-1.log"));
  }
}
