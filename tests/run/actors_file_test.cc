#include "actors/run/actors_file.h"

#include "runtime/base/process_mark.h"
#include "tests/support/temp_folder.h"

#include <boost/json/parse.hpp>

#include <atomic>
#include <fstream>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include "tests/support/test.h"

using namespace tramontane;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

// Actors as a system tells of them, and the file that is kept of them.
class Watched {
 public:
  explicit Watched(std::size_t most = 10'000, Duration every = 5ms) {
    graph_.actors.push_back({.name = "generator/0",
        .kind = "generator",
        .isolation = Isolation::process,
        .asks = {{"ledger", {"ledger"}}}});
    graph_.actors.push_back({.name = "verifier/0", .kind = "verifier"});
    actors_ = {{.id = 1,
                   .name = "ledger",
                   .kind = "ledger",
                   .senders = {{0, 2}, {(1ULL << 32) + 1, 5}, {99, 7}}},
        {.id = (1ULL << 32) + 1, .name = "generator/0", .kind = "generator", .pid = 77}};
    file_.emplace(ActorsFile::Options{.path = path(),
        .graph = &graph_,
        .clock = &clock_,
        .actors =
            [this] {
              std::lock_guard lock(mutex_);
              ++looks_;
              return actors_;
            },
        .every = every,
        .actors_most = most});
  }

  std::string path() const { return folder_.path() + "/actors.json"; }

  void change(std::size_t which, std::string waiting_for) {
    std::lock_guard lock(mutex_);
    actors_[which].waiting_for = std::move(waiting_for);
    actors_[which].waiting_since = clock_.now();
    looks_ = 0;
  }

  void forget(std::size_t which) {
    std::lock_guard lock(mutex_);
    actors_.erase(actors_.begin() + static_cast<std::ptrdiff_t>(which));
    looks_ = 0;
  }

  void wait_for_looks(int count) {
    while (looks_ < count) std::this_thread::sleep_for(1ms);
  }

  json::object read() const {
    std::ifstream in(path());
    std::ostringstream text;
    text << in.rdbuf();
    return json::parse(text.str()).as_object();
  }

  std::optional<ActorsFile>& file() { return file_; }

 private:
  TempFolder folder_;
  RealClock clock_;
  Graph graph_;
  std::mutex mutex_;
  std::vector<ActorStatus> actors_;
  std::atomic<int> looks_{0};
  std::optional<ActorsFile> file_;
};

}  // namespace

TEST_CASE("what actors do is written when it changes, and only then") {
  Watched watched;
  watched.wait_for_looks(3);
  json::object first = watched.read();
  CHECK(first.at("ended") == false);
  CHECK(first.at("pid").as_int64() == mark_of_this_process().pid);
  CHECK(first.at("actors").at(1).at("worker") == "generator/0");
  CHECK(first.at("actors").at(1).at("pid") == 77);
  CHECK(first.at("actors").at(1).at("asks").at("ledger").at(0) == "ledger");
  CHECK(first.at("actors").at(0).at("worker").is_null());
  // Of a sender that is not there any more nothing is known but its number.
  CHECK(first.at("actors").at(0).at("messages_from") ==
        json::object{{"outside", 2}, {"generator/0", 5}});
  watched.wait_for_looks(30);
  CHECK(watched.read().at("written") == first.at("written"));
  watched.change(0, "reply of trainer");
  watched.wait_for_looks(3);
  json::object second = watched.read();
  CHECK(second.at("written") != first.at("written"));
  CHECK(second.at("actors").at(0).at("waiting_for") == "reply of trainer");
  watched.wait_for_looks(40);
  CHECK(watched.read().at("written") == second.at("written"));
}

TEST_CASE("the last word is kept when it stops, and the end is told") {
  Watched watched;
  watched.wait_for_looks(2);
  watched.change(1, "the end");
  watched.file()->stop();
  CHECK(watched.read().at("actors").at(1).at("waiting_for") == "the end");
  CHECK(watched.read().at("ended") == false);
  watched.file().reset();
  CHECK(watched.read().at("ended") == true);
  CHECK(watched.read().at("actors").at(1).at("waiting_for") == "the end");
}

TEST_CASE("whoever stops it does not wait for the next look") {
  Watched watched(10'000, 1h);
  watched.wait_for_looks(1);
  watched.change(1, "the end");
  watched.file()->stop();  // which would take an hour
  CHECK(watched.read().at("actors").at(1).at("waiting_for") == "the end");
}

TEST_CASE("an actor of the graph is there before its first life and after its last") {
  Watched watched;
  watched.wait_for_looks(2);
  json::object first = watched.read();
  CHECK(first.at("actors").at(2).at("name") == "verifier/0");
  CHECK(first.at("actors").at(2).at("state") == "building");
  watched.forget(1);
  watched.wait_for_looks(3);
  json::object second = watched.read();
  CHECK(second.at("actors").at(1).at("name") == "generator/0");
  CHECK(second.at("actors").at(1).at("state") == "dead");
  CHECK(second.at("actors").at(1).at("pid") == 77);
}

TEST_CASE("of very many actors some are told, and how many more there are") {
  Watched watched(1);
  watched.wait_for_looks(2);
  CHECK(watched.read().at("actors").as_array().size() == 1);
  CHECK(watched.read().at("more") == 1);
}
