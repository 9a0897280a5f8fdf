#pragma once
// A PartsWait runs several coroutines on the strand of the one that waits for them, and owns their
// frames. all.h and any.h say when it is over.

#include "runtime/base/async.h"
#include "runtime/base/strand.h"

#include <coroutine>
#include <exception>
#include <memory>
#include <vector>

namespace tramontane::detail {

// No deadline: each part has its own.
class PartsWait : public Wait {
 public:
  explicit PartsWait(std::size_t parts) : Wait(WaitKind::own, {}), left_(parts) {}

  ~PartsWait() override {
    for (auto& part : running) part.destroy();
  }

  bool await_ready() const noexcept { return left_ == 0; }

  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> self) {
    Strand& strand = *self.promise().strand;
    on_ = &strand;
    strand.begin(*this, self, forever);
    for (auto& part : running) {
      part.promise().strand = &strand;
      part.promise().trampoline = &strand;
      strand.start(part);
    }
  }

  void await_resume() const noexcept {}

  std::vector<Task<void>::Handle> running;
  std::exception_ptr error;

 protected:
  // One has ended: how many are left.
  std::size_t count_down() { return --left_; }

  void wake() { on_->wake(*this); }

 private:
  void on_wake(std::unique_ptr<Item>) override {}

  void on_deadline() override {}

  bool cancels() const override { return false; }  // its parts' waits are cancelled themselves

  std::size_t left_;
  Strand* on_ = nullptr;
};

}  // namespace tramontane::detail
