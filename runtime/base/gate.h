#pragma once
// A Gate counts work in flight on one strand, refuses new work once closed, and waits for the rest.
//
//   Gate gate_;
//   auto pass = gate_.enter();            // nothing once closed; leaves when destroyed
//   co_await gate_.close("swaps to end");
//
// Single strand. The destructor proves that nobody is inside.

#include "runtime/base/async.h"
#include "runtime/base/check.h"
#include "runtime/base/strand.h"

#include <cstdio>
#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace tramontane {

class Gate {
 public:
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate) { ++gate.inside_; }

    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}

    Pass& operator=(Pass&&) = delete;

    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    Gate* gate_;
  };

  class CloseWait final : public Wait {
   public:
    CloseWait(Gate& gate, std::string_view reason) : Wait(WaitKind::gate, reason), gate_(gate) {}

    ~CloseWait() override {
      if (gate_.waiting_ == this) gate_.waiting_ = nullptr;
    }

    bool await_ready() const noexcept { return gate_.inside_ == 0; }

    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) {
      TRAM_CHECK(gate_.waiting_ == nullptr, "two close one gate");
      gate_.waiting_ = this;
      self.promise().strand->begin(*this, self, forever);
    }

    void await_resume() const noexcept {}

   private:
    friend class Gate;

    void on_wake(std::unique_ptr<Item>) override {}

    void on_deadline() override {}

    bool cancels() const override { return false; }

    Gate& gate_;
  };

  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  ~Gate() {
    if (inside_ == 0 || std::uncaught_exceptions() > 0) return;
    std::fputs("tramontane: a Gate was destroyed with work inside\n", stderr);
    std::terminate();
  }

  std::optional<Pass> enter() {
    if (closed_) return std::nullopt;
    return std::optional<Pass>(std::in_place, *this);
  }

  // Refuses new work at once; the wait ends when the last pass is gone.
  [[nodiscard]] CloseWait close(std::string_view reason) {
    closed_ = true;
    return CloseWait(*this, reason);
  }

  int inside() const { return inside_; }

 private:
  void leave() {
    if (--inside_ == 0 && waiting_ != nullptr) {
      waiting_->strand_->wake(*std::exchange(waiting_, nullptr));
    }
  }

  int inside_ = 0;
  bool closed_ = false;
  CloseWait* waiting_ = nullptr;
};

}  // namespace tramontane
