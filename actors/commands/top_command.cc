// `tram top`: the screen of actors/view/top_screen.h on a terminal, fed by the cluster's head.
#include "actors/cluster/client.h"
#include "actors/commands/cluster_words.h"
#include "actors/commands/commands.h"
#include "actors/view/draw.h"
#include "actors/view/output.h"
#include "actors/view/top_screen.h"
#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <poll.h>
#include <string>
#include <termios.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Duration look_every = 1s;

// Nodes and jobs.
std::string overview(HeadClient& client) {
  double cpus = 0;
  double used = 0;
  std::size_t ready = 0;
  auto nodes = objects(client.ask("nodes", {}), "nodes");
  for (const json::object& node : nodes) {
    if (text(node, "state") == "ready") ++ready;
    cpus += number(node, "cpus");
    used += number(node, "cpus_used");
  }
  std::vector<std::vector<std::string>> rows;
  for (const json::object& job : objects(client.ask("jobs", {}), "jobs"))
    if (!is_over(job))
      rows.push_back({text(job, "id"), text(job, "name"), text(job, "state"),
          ago_text(number(job, "since")), first_line(text(job, "reason"))});
  return str(ready, " of ", nodes.size(), " nodes ready, ", fixed(used, 1), " of ", fixed(cpus, 1),
      " processors given away, ", rows.size(), " jobs\n\n",
      table({"JOB", "NAME", "STATE", "SINCE", "REASON"}, rows), "\n");
}

// Where there is no terminal.
int print_once(HeadClient& client, const CliArguments& arguments) {
  std::vector<json::object> actors = actors_of(client, arguments);
  std::stable_sort(actors.begin(), actors.end(), [](const json::object& a, const json::object& b) {
    return number(a, "busy") > number(b, "busy");
  });
  std::fputs((overview(client) + actor_table(actors)).c_str(), stdout);
  return 0;
}

// An object as lines of "key: value".
std::string as_lines(const json::object& object) {
  std::string out;
  for (const auto& [key, value] : object) {
    if (key == "exits" || key == "notes") continue;
    out += str(std::string(key), ": ",
        value.is_string() ? std::string(value.as_string()) : json_text(value), "\n");
  }
  for (const char* key : {"notes", "exits"}) {
    const json::value* many = object.if_contains(key);
    if (many == nullptr) continue;
    out += str("\n", key, ":\n");
    if (many->is_object())
      for (const auto& [name, value] : many->as_object())
        out += str("  ", std::string(name), ": ", json_text(value), "\n");
    if (many->is_array())
      for (const json::value& each : many->as_array()) out += "  " + json_text(each) + "\n";
  }
  return out;
}

volatile std::sig_atomic_t top_ends = 0;

// The other screen of the terminal, and its keyboard byte by byte; as it was, afterwards.
class Screen {
 public:
  Screen() {
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, [](int) { top_ends = 1; });
    reads_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (reads_) {
      termios now = before_;
      now.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
      now.c_cc[VSUSP] = _POSIX_VDISABLE;  // nobody is left before another's screen
      now.c_cc[VMIN] = 1;
      now.c_cc[VTIME] = 0;
      ::tcsetattr(STDIN_FILENO, TCSANOW, &now);
    }
    std::fputs("\x1b[?1049h\x1b[?25l", stdout);
  }

  ~Screen() {
    std::fputs("\x1b[?25h\x1b[?1049l", stdout);
    std::fflush(stdout);
    if (reads_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static void show(const std::vector<std::string>& lines) {
    std::string frame = "\x1b[H";
    for (std::size_t i = 0; i < lines.size(); ++i)
      frame += str(i == 0 ? "" : "\r\n", lines[i], "\x1b[K");
    std::fputs((frame + "\x1b[J").c_str(), stdout);
    std::fflush(stdout);
  }

  // What was typed within that time.
  std::string typed(Duration wait) {
    pollfd ready{reads_ ? STDIN_FILENO : -1, POLLIN, 0};
    int patience = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
    if (::poll(&ready, 1, std::max(patience, 0)) <= 0) return "";
    char bytes[64];
    ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EINTR)) reads_ = false;
    return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : "";
  }

 private:
  termios before_{};
  bool reads_ = false;
};

// What the head says; that it says nothing is told where the overview is.
void look(std::optional<HeadClient>& client, const CliArguments& arguments, TopScreen& top,
    TopScreen::Content& last) {
  try {
    if (!client)
      client.emplace(cluster_head(arguments), cluster_token(arguments), encryption_setting());
    last = {overview(*client), actors_of(*client, arguments)};
    top.take(last);
    if (top.opened()) top.take_details(as_lines(actor_found(*client, *top.opened())));
  } catch (const Error& error) {
    if (error.errc() == Errc::not_found || error.errc() == Errc::bad_input) {
      top.take_details(error.text());
      return;
    }
    client.reset();
    top.take({"the head does not answer, what follows is from before: " + error.text() + "\n",
        last.actors});
  }
}

int show_top(const CliArguments& arguments) {
  std::optional<HeadClient> client;
  client.emplace(cluster_head(arguments), cluster_token(arguments), encryption_setting());
  if (::isatty(STDOUT_FILENO) == 0 || !cursor_moves()) return print_once(*client, arguments);
  TopScreen top;
  TopScreen::Content last{overview(*client), actors_of(*client, arguments)};
  top.take(last);
  Screen screen;
  auto next = std::chrono::steady_clock::now() + look_every;
  while (top_ends == 0) {
    Screen::show(top.lines(terminal_size(STDOUT_FILENO)));
    auto opened = top.opened();
    if (!top.keys(screen.typed(next - std::chrono::steady_clock::now()))) break;
    if (top.opened() == opened && std::chrono::steady_clock::now() < next) continue;
    look(client, arguments, top, last);
    next = std::chrono::steady_clock::now() + look_every;
  }
  return 0;
}

}  // namespace

CliCommand top_command() {
  return {.name = "top",
      .summary = "nodes, jobs and actors of the cluster, live",
      .details =
          "The busiest actors first. Keys: s and r change the order, / filters, Enter opens an\n"
          "actor, ? tells the rest, q ends; where there is no terminal it prints once.",
      .positionals = {"[JOB]"},
      .options = {head_option, token_option},
      .run = show_top};
}

}  // namespace tramontane
