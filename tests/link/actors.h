#pragma once
// Actors of the link's tests.

#include "tests/link/messages.h"
#include "tests/runtime/actors.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace tramontane {

// Gives what is asked for, and cargo back in reverse.
class Store final : public Actor {
 public:
  explicit Store(std::shared_ptr<Diary> diary = std::make_shared<Diary>())
      : diary_(std::move(diary)) {
    handle(&Store::fetch);
    handle(&Store::turn);
    handle(&Store::keep);
    handle(&Store::take_note);
    handle(&Store::wait);
  }

 private:
  Parcel fetch(Fetch request) {
    return {std::string(static_cast<std::size_t>(request.value), 'x')};
  }

  Cargo turn(Cargo cargo) {
    std::reverse(cargo.text.begin(), cargo.text.end());
    std::reverse(cargo.blobs.begin(), cargo.blobs.end());
    return cargo;
  }

  void keep(Parcel parcel) {
    diary_->values.push_back(static_cast<std::int64_t>(parcel.text.size()));
  }

  void take_note(Note note) { diary_->values.push_back(note.value); }

  Task<Number> wait(Linger request) {
    co_await sleep(std::chrono::milliseconds(request.value), "to be slow");
    co_return Number{static_cast<std::int64_t>(diary_->values.size())};
  }

  std::shared_ptr<Diary> diary_;
};

}  // namespace tramontane
