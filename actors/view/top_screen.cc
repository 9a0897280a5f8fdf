#include "actors/view/top_screen.h"

#include "actors/view/draw.h"
#include "actors/view/fields.h"
#include "runtime/base/check.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::ptrdiff_t page = 10;

std::string id_of(const json::object& actor) {
  return str(static_cast<std::int64_t>(number(actor, "job")), "/", text(actor, "name"));
}

// Who waits for mail has nothing to do.
std::string wait_of(const json::object& actor) {
  std::string wait = text(actor, "waiting_for");
  return wait == "messages" ? "" : wait;
}

std::string mailbox_of(const json::object& actor) {
  double limit = number(actor, "mailbox_limit");
  std::string waiting = whole(number(actor, "mailbox"));
  return limit > 0 ? waiting + "/" + whole(limit) : waiting;
}

std::string version_of(const json::object& actor) {
  const auto* notes = object(actor, "notes");
  return notes == nullptr ? "" : text(*notes, "version");
}

std::string or_nothing(double value, std::string (*shown)(double)) {
  return std::isfinite(value) ? shown(value) : "";
}

// Largest first where it is a number, else by the alphabet.
struct Column {
  const char* name;
  int width;  // 0: what is left
  bool by_number;
  std::function<std::string(const json::object&)> shown;
  std::function<double(const json::object&)> value = {};
};

double or_least(double value) {
  return std::isfinite(value) ? value : -1;
}

Column numeric(const char* name, int width, const char* key, std::string (*shown)(double)) {
  return {name, width, true,
      [=](const json::object& actor) { return or_nothing(number(actor, key), shown); },
      [=](const json::object& actor) { return or_least(number(actor, key)); }};
}

Column words(const char* name, int width, const char* key) {
  return {name, width, false, [=](const json::object& actor) { return text(actor, key); }};
}

const std::vector<Column>& columns_shown() {
  static const std::vector<Column> all = {numeric("BUSY", 6, "busy", share),
      numeric("JOB", 5, "job", whole), words("ACTOR", 22, "name"), words("NODE", 12, "node"),
      words("STATE", 10, "state"),
      {"MAILBOX", 11, true, mailbox_of,
          [](const json::object& actor) { return or_least(number(actor, "mailbox")); }},
      numeric("TOKENS/S", 9, "tokens_per_s", count), {"VERSION", 8, false, version_of},
      numeric("RESTARTS", 9, "restarts", whole), numeric("SINCE", 8, "since", duration),
      {"WAITING FOR", 0, false, wait_of}};
  return all;
}

bool passes(const json::object& actor, const std::string& filter) {
  if (filter.empty()) return true;
  for (const char* key : {"name", "kind", "node", "state", "waiting_for"})
    if (text(actor, key).find(filter) != std::string::npos) return true;
  return id_of(actor).find(filter) != std::string::npos;
}

// The first key of what was typed: one byte, or a sequence that begins with escape. Empty: it is
// not whole yet. Escape itself is a key where nothing follows it.
std::string_view first_key(std::string_view bytes) {
  if (bytes.empty() || bytes[0] != '\x1b') return bytes.substr(0, 1);
  if (bytes.size() == 1 || (bytes[1] != '[' && bytes[1] != 'O')) return bytes.substr(0, 1);
  for (std::size_t end = 2; end < bytes.size(); ++end)
    if (bytes[end] >= '@' && bytes[end] <= '~') return bytes.substr(0, end + 1);
  return bytes.size() > 16 ? bytes : std::string_view();
}

constexpr std::string_view escape = "\x1b";
constexpr std::string_view up = "\x1b[A";
constexpr std::string_view down = "\x1b[B";
constexpr std::string_view page_up = "\x1b[5~";
constexpr std::string_view page_down = "\x1b[6~";

bool is_enter(std::string_view key) {
  return key == "\r" || key == "\n";
}

bool is_end(std::string_view key) {
  return key == "\x03" || key == "\x04";
}

constexpr const char* help[] = {"up, down, page up, page down, j, k   choose an actor",
    "Enter                                all that is known of it; Escape or q: back",
    "s, S                                 order by the next column, by the one before",
    "r                                    the other way round",
    "/                                    show only those in whose line a text is; Escape: all",
    "Space                                stand still, go on",
    "q, Ctrl-C                            end"};

}  // namespace

void TopScreen::take(Content content) {
  if (paused_) return;
  content_ = std::move(content);
  arrange();
}

void TopScreen::arrange() {
  shown_.clear();
  for (std::size_t i = 0; i < content_.actors.size(); ++i)
    if (passes(content_.actors[i], filter_)) shown_.push_back(i);
  const Column& by = columns_shown()[column_];
  auto before = [&](std::size_t a, std::size_t b) {
    const json::object& one = content_.actors[a];
    const json::object& other = content_.actors[b];
    return by.by_number ? by.value(one) > by.value(other) : by.shown(one) < by.shown(other);
  };
  std::stable_sort(shown_.begin(), shown_.end(),
      [&](std::size_t a, std::size_t b) { return reversed_ ? before(b, a) : before(a, b); });
  bool there = std::any_of(shown_.begin(), shown_.end(),
      [&](std::size_t i) { return id_of(content_.actors[i]) == chosen_; });
  if (!there) chosen_ = shown_.empty() ? "" : id_of(content_.actors[shown_[0]]);
}

void TopScreen::move(std::ptrdiff_t by) {
  if (opened_) {
    auto to = static_cast<std::ptrdiff_t>(scrolled_) + by;
    scrolled_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(to, 0));
    return;
  }
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    if (id_of(content_.actors[shown_[i]]) != chosen_) continue;
    auto last = static_cast<std::ptrdiff_t>(shown_.size()) - 1;
    auto to = std::clamp(static_cast<std::ptrdiff_t>(i) + by, std::ptrdiff_t{0}, last);
    chosen_ = id_of(content_.actors[shown_[static_cast<std::size_t>(to)]]);
    return;
  }
}

bool TopScreen::keys(std::string_view bytes) {
  unread_ += bytes;
  for (std::string_view next; !(next = first_key(unread_)).empty(); unread_.erase(0, next.size()))
    if (!key(next)) return false;
  return true;
}

void TopScreen::type(std::string_view key) {
  if (key == escape) filter_.clear();
  if (key == escape || is_enter(key))
    typing_ = false;
  else if (key == "\x7f" || key == "\b")
    filter_.resize(filter_.empty() ? 0 : filter_.size() - 1);
  else if (key.size() == 1 && static_cast<unsigned char>(key[0]) >= ' ' && filter_.size() < 60)
    filter_ += key;
  arrange();
}

bool TopScreen::key(std::string_view key) {
  if (is_end(key)) return false;
  if (typing_) {
    type(key);
    return true;
  }
  bool inside = opened_ || helps_;
  if (key == "q" && !inside) return false;
  if (inside && (key == "q" || key == escape)) {
    opened_.reset();
    helps_ = false;
    return true;
  }
  const std::size_t count = columns_shown().size();
  if (key == up || key == "k") move(-1);
  if (key == down || key == "j") move(1);
  if (key == page_up) move(-page);
  if (key == page_down) move(page);
  if (key == "?" || key == "h") helps_ = !helps_;
  if (key == " ") paused_ = !paused_;
  if (key == "s") column_ = (column_ + 1) % count;
  if (key == "S") column_ = (column_ + count - 1) % count;
  if (key == "r") reversed_ = !reversed_;
  if (key == "/") typing_ = true;
  if (key == escape) filter_.clear();
  if (is_enter(key) && !chosen_.empty() && !opened_) {
    opened_ = chosen_;
    details_ = "";
    scrolled_ = 0;
  }
  arrange();
  return true;
}

std::vector<std::string> TopScreen::actor_lines(std::size_t rows) const {
  auto line_of = [](const std::function<std::string(const Column&)>& cell) {
    std::string line;
    for (const Column& column : columns_shown())
      line += column.width == 0 ? cell(column) : fit(cell(column), column.width) + " ";
    return line;
  };
  const Column& by = columns_shown()[column_];
  std::vector<std::string> out = {" " + line_of([&](const Column& column) {
    return std::string(column.name) + (&column != &by ? "" : reversed_ ? "^" : "v");
  })};
  std::size_t at = 0;
  for (std::size_t i = 0; i < shown_.size(); ++i)
    if (id_of(content_.actors[shown_[i]]) == chosen_) at = i;
  // The chosen one is in sight.
  std::size_t room = rows > 1 ? rows - 1 : 0;
  std::size_t first = at < room ? 0 : at - room + 1;
  for (std::size_t i = first; i < shown_.size() && i < first + room; ++i) {
    const json::object& actor = content_.actors[shown_[i]];
    std::string mark = i == at ? ">" : " ";
    out.push_back(mark + line_of([&](const Column& column) { return column.shown(actor); }));
  }
  return out;
}

std::string TopScreen::foot() const {
  if (typing_) return "/" + filter_ + "_";
  std::string words =
      opened_ ? "Escape: back" : "?: keys  Enter: open  s: order  /: filter  q: end";
  if (!filter_.empty())
    words = str("only \"", filter_, "\" (", shown_.size(), " of ", content_.actors.size(), ")  ") +
            words;
  return paused_ ? "PAUSED (space)  " + words : words;
}

std::vector<std::string> TopScreen::lines(FrameSize size) const {
  auto rows = static_cast<std::size_t>(std::max(size.rows, 2)) - 1;
  std::vector<std::string> out;
  auto add = [&](const std::string& many, std::size_t skip) {
    std::istringstream in(many);
    for (std::string line; out.size() < rows && std::getline(in, line);)
      if (skip > 0)
        --skip;
      else
        out.push_back(line);
  };
  if (helps_) {
    for (const char* line : help) out.emplace_back(line);
  } else if (opened_) {
    out.push_back("actor " + *opened_);
    add(details_, scrolled_);
  } else {
    add(content_.overview, 0);
    // However many jobs there are, some actors are in sight.
    out.resize(std::min(out.size(), rows * 2 / 3));
    for (std::string& line : actor_lines(rows - out.size())) out.push_back(std::move(line));
  }
  out.resize(std::min(out.size(), rows));
  out.resize(rows);
  out.push_back(foot());
  for (std::string& line : out) line = cut(line, size.columns);
  return out;
}

}  // namespace tramontane
