#include "actors/view/actor_table.h"

#include "actors/view/lines.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tramontane {
namespace {

Tone tone_of(const RunState::ActorLine& actor) {
  const std::string& state = actor.state;
  if (state == "dead" || state == "restarting") return Tone::bad;
  // An idle actor may wait as long as it likes; one that waits in the middle of its work may not.
  return actor.waiting_seconds > 10 && state != "idle" ? Tone::warn : Tone::plain;
}

// The columns of an actor's line, given the width of all.
struct ActorColumns {
  int name = 8;
  bool bar = false;
  bool busy = false;
  bool mail = false;
};

constexpr int state_columns = 10;
constexpr int mail_columns = 9;

Line actor_head(const ActorColumns& has) {
  Line line;
  line.add(" " + fit("actor", has.name) + "  " + fit("state", state_columns), Tone::dim);
  if (has.busy) line.add(" " + fit_right("busy", has.bar ? 11 : 5), Tone::dim);
  if (has.mail) line.add("  " + fit("mail", mail_columns), Tone::dim);
  return line.add("  waiting for", Tone::dim);
}

Line actor_line(const RunState::ActorLine& actor, const ActorColumns& has, int width) {
  Line line;
  line.add(" ").add(fit(actor.name, has.name)).add("  ");
  line.add(fit(prose(actor.state), state_columns), tone_of(actor));
  if (has.bar) line.add(" ").add(bar(actor.busy, 5), Tone::first);
  if (has.busy) line.add(" ").add(fit_right(share(actor.busy), 5));
  if (has.mail) {
    std::string mail = count(actor.mailbox);
    if (std::isfinite(actor.mailbox_limit)) mail += "/" + count(actor.mailbox_limit);
    line.add("  ").add(fit(mail, mail_columns), Tone::dim);
  }
  if (actor.waiting_for.empty()) return line;
  std::string since =
      std::isfinite(actor.waiting_seconds) ? " " + duration(actor.waiting_seconds) : "";
  int room = width - line.width() - 2 - columns(since);
  line.add("  ").add(cut(actor.waiting_for, room), Tone::dim);
  return line.add(since, tone_of(actor));
}

// Those that do the work first: where there is no room for all, the others go.
std::vector<RunState::ActorLine> in_order(std::vector<RunState::ActorLine> actors) {
  auto rank = [](const RunState::ActorLine& actor) {
    return actor.kind == "trainer" ? 0 : actor.kind == "generator" ? 1 : 2;
  };
  std::stable_sort(actors.begin(), actors.end(),
      [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return actors;
}

}  // namespace

std::vector<Line> actor_lines(
    const std::vector<RunState::ActorLine>& all, ActorRows rows, int width) {
  ActorColumns has{.bar = width >= 60, .busy = width >= 50, .mail = width >= 90};
  for (const auto& actor : all) has.name = std::max(has.name, columns(actor.name));
  has.name = std::min(has.name, std::max(8, width / 4));
  std::vector<Line> out;
  if (rows.head) out.push_back(actor_head(has));
  auto shown = static_cast<std::size_t>(rows.count);
  auto actors = in_order(all);
  if (shown < actors.size()) actors.resize(shown > 0 ? shown - 1 : 0);
  for (const auto& actor : actors) out.push_back(actor_line(actor, has, width));
  if (std::size_t more = all.size() - actors.size(); more > 0)
    out.push_back(Line().add(" and " + std::to_string(more) + " more actors", Tone::dim));
  return out;
}

}  // namespace tramontane
