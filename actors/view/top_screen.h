#pragma once
// The screen of `tram top`: an overview, and actors in an order, under a filter, of which one is
// chosen and may be opened. It knows no terminal: bytes of a keyboard go in, lines come out.
//
//   TopScreen screen;
//   screen.take({.overview = "2 of 2 nodes ready", .actors = rows});
//   while (screen.keys(bytes_that_came)) show(screen.lines(size));
//   if (auto which = screen.opened()) screen.take_details(text_of(*which));
//
// Thread rule: one at a time.

#include "actors/view/frame.h"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tramontane {

class TopScreen {
 public:
  struct Content {
    std::string overview;                     // lines above the actors
    std::vector<boost::json::object> actors;  // as `tram actors --json` has them
  };

  // What there is now. The chosen actor stays chosen. Nothing while it is paused.
  void take(Content content);

  // What was typed, in whatever pieces. False: it is to end.
  bool keys(std::string_view bytes);

  // JOB/NAME of the actor that is open.
  std::optional<std::string> opened() const { return opened_; }

  void take_details(std::string text) { details_ = std::move(text); }

  // At most `size.rows`, none wider than `size.columns`.
  std::vector<std::string> lines(FrameSize size) const;

 private:
  bool key(std::string_view key);
  void type(std::string_view key);
  void move(std::ptrdiff_t by);
  void arrange();
  std::vector<std::string> actor_lines(std::size_t rows) const;
  std::string foot() const;

  Content content_;
  std::vector<std::size_t> shown_;  // of the actors, those that pass the filter, in order
  std::string chosen_;              // JOB/NAME
  std::size_t column_ = 0;          // that orders
  bool reversed_ = false;
  bool paused_ = false;
  bool typing_ = false;
  bool helps_ = false;
  std::string filter_;
  std::string unread_;  // the beginning of a key
  std::optional<std::string> opened_;
  std::string details_;
  std::size_t scrolled_ = 0;  // of the details
};

}  // namespace tramontane
