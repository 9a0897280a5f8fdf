#include "actors/messages/run_event.h"
#include "actors/view/output.h"
#include "tests/view/sample_run.h"

#include <boost/json/parse.hpp>

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string form = (std::filesystem::temp_directory_path() / "tram_view_XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name = "") const { return path_ + "/" + name; }

  std::string read(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(path(name), std::ios::binary).rdbuf();
    return out.str();
  }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
  }

 private:
  std::string path_;
};

// What a view writes for the events.
template <class Make>
std::string written(Make make, const std::vector<RunEvent>& events) {
  Folder folder;
  std::FILE* file = std::fopen(folder.path("out").c_str(), "wb");
  {
    auto view = make(std::make_shared<Output>(::fileno(file)));
    for (const auto& event : events) view->event(event);
    view->close();
  }
  std::fclose(file);
  return folder.read("out");
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool has(const std::string& whole, const std::string& part) {
  return whole.find(part) != std::string::npos;
}

// A terminal of 80 by 24, as far as the live view uses one. A line that reaches the last column
// has wrapped.
class Screen {
 public:
  explicit Screen(std::string_view bytes) {
    while (!bytes.empty()) {
      std::size_t used = 1;
      if (bytes[0] == '\x1b') {
        used = bytes.find_first_not_of("0123456789;?", 2) + 1;
        control(bytes[used - 1], std::atoi(std::string(bytes.substr(2, used - 3)).c_str()));
      } else if (bytes[0] == '\n') {
        if (++row_ == rows_.size()) rows_.emplace_back();
        column_ = 0;
      } else if (bytes[0] == '\r') {
        column_ = 0;
      } else {
        while (used < bytes.size() && (static_cast<unsigned char>(bytes[used]) & 0xC0U) == 0x80U)
          ++used;
        auto& row = rows_[row_];
        if (row.size() <= column_) row.resize(column_ + 1, " ");
        row[column_++] = bytes.substr(0, used);
        wrapped_ = wrapped_ || column_ >= 80;
      }
      bytes.remove_prefix(used);
    }
  }

  bool wrapped() const { return wrapped_; }

  // Everything that was ever on it, the last lines still to be seen.
  std::string text() const {
    std::string out;
    for (const auto& row : rows_) {
      for (const auto& cell : row) out += cell;
      out += "\n";
    }
    return out;
  }

 private:
  void control(char what, int count) {
    if (what == 'A') row_ -= std::min(row_, static_cast<std::size_t>(count));
    if (what == 'K') rows_[row_].resize(std::min(rows_[row_].size(), column_));
    if (what == 'J') rows_.resize(row_ + 1);
    if (what == 'J') rows_[row_].resize(std::min(rows_[row_].size(), column_));
  }

  std::vector<std::vector<std::string>> rows_{1};
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool wrapped_ = false;
};

// $TERM as given, while this lives.
class Terminal {
 public:
  explicit Terminal(const char* name) {
    if (const char* before = std::getenv("TERM")) before_ = before;
    name ? ::setenv("TERM", name, 1) : ::unsetenv("TERM");
  }

  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  ~Terminal() { before_.empty() ? ::unsetenv("TERM") : ::setenv("TERM", before_.c_str(), 1); }

 private:
  std::string before_;
};

int occurrences(const std::string& whole, const std::string& part) {
  int n = 0;
  for (std::size_t at = whole.find(part); at != std::string::npos; at = whole.find(part, at + 1))
    ++n;
  return n;
}

}  // namespace

TEST_CASE("every line of the metrics file is one event; status is left out") {
  Folder folder;
  auto sink = metrics_file(folder.path());
  sink->event({{"event", "step"}, {"step", 1}, {"loss", std::nan("")},
      {"deep", {{"x", std::numeric_limits<double>::infinity()}}}, {"text", "\xff\n</script>"}});
  sink->event({{"event", "status"}, {"step", 1}});
  sink->event({{"event", "summary"}});
  auto found = lines(folder.read("metrics.jsonl"));
  REQUIRE(found.size() == 2);
  auto step = boost::json::parse(found[0]).as_object();
  CHECK(step["loss"].is_null());
  CHECK(step["deep"].as_object()["x"].is_null());
  CHECK(std::string_view(step["text"].as_string()) == "\xEF\xBF\xBD\n</script>");
  CHECK(boost::json::parse(found[1]).as_object()["event"].as_string() == "summary");
}

TEST_CASE("a half-written last line is cut off, and events go on after the last whole one") {
  std::string first = R"({"event":"run"})";
  for (std::string half : {"", "{", "{\"event\": \"st"}) {
    Folder folder;
    folder.write("metrics.jsonl", first + "\n" + half);
    metrics_file(folder.path())->event({{"event", "alarm"}});
    CHECK(folder.read("metrics.jsonl") == first + "\n{\"event\":\"alarm\"}\n");
  }
  Folder folder;
  folder.write("metrics.jsonl", std::string(200000, 'x'));  // one line, longer than a block
  metrics_file(folder.path())->event({{"event", "alarm"}});
  CHECK(folder.read("metrics.jsonl") == "{\"event\":\"alarm\"}\n");
  Folder other;
  other.write("metrics.jsonl", first + "\n" + std::string(200000, 'x'));
  metrics_file(other.path())->event({{"event", "alarm"}});
  CHECK(other.read("metrics.jsonl") == first + "\n{\"event\":\"alarm\"}\n");
}

TEST_CASE("a metrics file that cannot be opened is an error that names it") {
  CHECK_THROWS_WITH(metrics_file("/nowhere/run"),
      "/nowhere/run/metrics.jsonl: cannot be opened: No such file or directory");
}

TEST_CASE("a full device leaves no half line behind, and loses none once there is room") {
  Folder folder;
  auto sink = metrics_file(folder.path());
  sink->event({{"event", "run"}});
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small{40, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string error;
  try {
    sink->event({{"event", "alarm"}, {"text", std::string(100, 'x')}});
  } catch (const std::exception& e) {
    error = e.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(has(error,
      "metrics.jsonl: cannot be written: File too large; raise the limit on the size of "
      "files (ulimit -f)"));
  std::string run = "{\"event\":\"run\"}\n";
  CHECK(folder.read("metrics.jsonl") == run);
  sink->event({{"event", "summary"}});
  std::string alarm = "{\"event\":\"alarm\",\"text\":\"" + std::string(100, 'x') + "\"}\n";
  CHECK(folder.read("metrics.jsonl") == run + alarm + "{\"event\":\"summary\"}\n");
}

TEST_CASE("the plain view gives each reinforcement step a line and thins out the warm start") {
  auto found = lines(written(plain_view, sample_run({.reinforce_steps = 40})));
  int warm = 0;
  int reinforce = 0;
  for (const auto& line : found) {
    warm += line.rfind("warm start ", 0) == 0;
    reinforce += line.rfind("reinforce ", 0) == 0;
    CHECK(!has(line, "\x1b"));
  }
  CHECK(warm == 1 + 20 + 1 + 20);
  CHECK(reinforce == 40);
}

TEST_CASE("the lines of steps are aligned") {
  auto found = lines(written(plain_view, sample_run({.reinforce_steps = 120})));
  std::size_t at = 0;
  for (const auto& line : found)
    if (line.rfind("reinforce ", 0) == 0) {
      if (!at) at = line.find("think");
      CHECK(line.find("think") == at);
    }
  CHECK(at != 0);
}

TEST_CASE("the plain view tells evaluations, checkpoints, alarms, exits and what was learnt") {
  std::string all = written(plain_view, sample_run({}));
  CHECK(has(all, "held-out     before  sampled 0.110  greedy 0.070  maj@8 0.170"));
  CHECK(has(all, "held-out     forced thinking  sampled 0.650"));
  CHECK(has(all, "checkpoint   version 20 (best so far)  1.7 MB in 0.0 s  checkpoints/20"));
  CHECK(has(all, "ALARM        3 % of the rollouts of step 90"));
  CHECK(has(all, "exit         verifier/0 (incarnation 1): handler failed: reward 'math' did not"));
  CHECK(has(all, "swap failed  generator/1 keeps its weights; version 90 was not taken"));
  CHECK(has(all, "What was learnt"));
  CHECK(has(all, "report   runs/arithmetic-1/report.html"));
}

TEST_CASE("the json view ends with the summary") {
  auto found = lines(written(json_view, sample_run({.reinforce_steps = 5})));
  for (const auto& line : found)
    CHECK(boost::json::parse(line).as_object().at("event") != "status");
  auto last = boost::json::parse(found.back()).as_object();
  CHECK(last["event"] == "summary");
  CHECK(last["steps"] == 5);
}

TEST_CASE("a terminal that cannot place its cursor is written plain lines") {
  auto events = sample_run({.warm_start_steps = 5, .reinforce_steps = 5});
  for (const char* name : {"dumb", "", static_cast<const char*>(nullptr)}) {
    Terminal terminal(name);
    std::string all = written(terminal_view, events);
    CHECK(!has(all, "\x1b"));
    CHECK(all == written(plain_view, events));
  }
}

TEST_CASE("the last frame of the live view is that of the end, and none of it wraps") {
  Terminal terminal("xterm");
  for (const char* stopped : {"finished", "interrupted"}) {
    auto events = sample_run({.reinforce_steps = 60});
    events.back()["stopped"] = stopped;
    std::string all = written(terminal_view, events);
    // What follows the last frame names this program by its path, to be copied: it may be long.
    CHECK(!Screen(all.substr(0, all.rfind("\x1b[?25h"))).wrapped());
    std::string text = Screen(all).text();
    CHECK(occurrences(text, "━") > 0);
    CHECK(occurrences(text, "reinforce step") == (std::string(stopped) == "finished" ? 0 : 1));
    CHECK(occurrences(text, "reinforce") == 1);  // one frame is left: the last
    CHECK(has(text, "version 60"));
    CHECK(has(text, stopped));
    CHECK(!has(text, "left "));
    CHECK(!has(text, " idle "));
  }
}

TEST_CASE("the live view restores the cursor, keeps what was said, and draws no faster than told") {
  Terminal terminal("xterm");
  std::string all = written(terminal_view, sample_run({.reinforce_steps = 60}));
  CHECK(occurrences(all, "\x1b[?25l") == 1);
  CHECK(occurrences(all, "\x1b[?25h") == 1);
  CHECK(all.rfind("\x1b[?25l") < all.rfind("\x1b[?25h"));
  CHECK(occurrences(all, "\x1b[?2026h") == occurrences(all, "\x1b[?2026l"));
  // Fed without pause: one frame for each thing said and each stage, few for thousands of steps.
  CHECK(occurrences(all, "\x1b[?2026h") < 40);
  CHECK(has(all, "held-out"));
  CHECK(has(all, "What was learnt"));
}

TEST_CASE("a reader that went away silences a view without ending the run") {
  Terminal terminal("xterm");
  auto handler = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  for (auto* make : {terminal_view, plain_view, json_view}) {
    auto view = make(std::make_shared<Output>(ends[1]));
    for (const auto& event : sample_run({.warm_start_steps = 5, .reinforce_steps = 5}))
      CHECK_NOTHROW(view->event(event));
    CHECK_NOTHROW(view->close());
  }
  ::close(ends[1]);
  std::signal(SIGPIPE, handler);
}

TEST_CASE("a reader that stops reading holds up nobody, and is told what it missed") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  auto output = std::make_shared<Output>(ends[1]);
  auto view = in_background(json_view(output), output, 50);
  std::string padding(1000, 'x');
  for (int i = 0; i < 1000; ++i)
    view->event({{"event", "step"}, {"step", i}, {"padding", padding}});
  // Nothing was read: a pipe holds 64 KiB, so most of it waited and then was left out.
  std::string seen;
  std::thread reader([&] {
    char block[4096];
    for (ssize_t got = 0; (got = ::read(ends[0], block, sizeof block)) > 0;)
      seen.append(block, static_cast<std::size_t>(got));
  });
  view->event({{"event", "summary"}});
  view->close();
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  auto found = lines(seen);
  CHECK(found.size() < 200);
  CHECK(has(found.back(), "summary"));
  CHECK(has(seen, "events are not shown here"));
}

TEST_CASE("a reader that never reads is given up at the deadline, or when it is let go") {
  for (bool let_go : {false, true}) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    auto output = std::make_shared<Output>(ends[1]);
    auto patience = let_go ? std::chrono::minutes(10) : std::chrono::milliseconds(50);
    auto view = in_background(json_view(output), output, 50, patience);
    for (int i = 0; i < 200; ++i)
      view->event({{"event", "step"}, {"padding", std::string(1000, 'x')}});
    if (let_go) output->let_go();
    view->close();  // comes back
    ::close(ends[0]);
    ::close(ends[1]);
  }
}

TEST_CASE("what is past is known to a view, and not told again") {
  auto events = sample_run({});
  Folder folder;
  std::FILE* file = std::fopen(folder.path("out").c_str(), "wb");
  {
    auto output = std::make_shared<Output>(::fileno(file));
    auto view = in_background(plain_view(output), output);
    for (std::size_t i = 0; i + 1 < events.size(); ++i) view->past(events[i]);
    view->event(events.back());
    view->close();
  }
  std::fclose(file);
  std::string found = folder.read("out");
  CHECK(!has(found, "checkpoint"));
  CHECK(lines(found).size() > 3);  // the closing page, from what is past
}
