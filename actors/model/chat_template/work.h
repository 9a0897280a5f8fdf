#pragma once
// Work bounds what one rendering may cost: every node that is evaluated and every byte or item that
// is made or compared is counted, so that no template runs or grows for long.
//
//   Work work(limit);
//   work.spend(text.size());              // Error(bad_input) when there is none left
//   Work::Level level(work);              // one level of nesting, until it goes out of scope
//
// Of one rendering, which is of one thread.

#include "runtime/base/result.h"

#include <cstdint>

namespace tramontane::jinja {

// Where a template is not as it must be: what is wrong, without the place.
[[noreturn]] inline void fail(const std::string& text) {
  throw Error(Errc::bad_input, text);
}

// What Jinja2 knows and this interpreter does not.
[[noreturn]] inline void refuse(const std::string& what) {
  throw Error(Errc::unsupported, what + " is not supported in a chat template");
}

class Work {
 public:
  explicit Work(std::int64_t limit) : left_(limit) {}

  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  void spend(std::int64_t amount) {
    left_ -= amount;
    if (left_ < 0) fail("it computes too much: a loop or a text grows without bound");
  }

  class Level {
   public:
    explicit Level(Work& work) : work_(work) {
      if (++work_.levels_ > levels_max) {
        --work_.levels_;
        fail("it nests too deeply: a macro or a loop calls itself without end");
      }
    }

    ~Level() { --work_.levels_; }

    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Work& work_;
  };

 private:
  static constexpr int levels_max = 600;  // of some hundred bytes of stack each

  std::int64_t left_;
  int levels_ = 0;
};

}  // namespace tramontane::jinja
