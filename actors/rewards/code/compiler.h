#pragma once
// Compiles C++20 in a sandbox, with GCC.
//
// bits/stdc++.h is precompiled once into a folder of the user's cache, which the compiler sees
// read-only. What was compiled is remembered by its source, failures too, up to a number of bytes.
// A Compiler belongs to the thread of its Sandbox.

#include "actors/rewards/sandbox/sandbox.h"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace tramontane::code {

struct Compiled {
  enum class Result : std::uint8_t { done, refused, no_verdict };

  Result result = Result::no_verdict;
  std::string binary;
  std::string text;  // the compiler's first words; of no_verdict: why
};

struct CompilerOptions {
  std::string cache;  // folder for the precompiled header; empty: $XDG_CACHE_HOME or ~/.cache
  std::uint32_t compile_ms = 10'000;
  std::uint64_t remembered_bytes = 64ull << 20;
};

// Of a compiler that may use the processor for so long. The clock stops only one that was starved.
sandbox::Limits compile_limits(std::uint32_t compile_ms);

// Whether a compiler was stopped by the clock though it had less than half of the processor: it
// waits for nothing, so that is the machine's doing.
bool was_starved(const sandbox::Outcome& outcome);

class Compiler {
 public:
  Compiler(sandbox::Sandbox& sandbox, CompilerOptions options);

  // `file` is the name that the compiler's messages show. The pointer is good while it is held.
  std::shared_ptr<const Compiled> compile(const std::string& source);

  std::uint64_t compilations() const { return compilations_; }

  // The folder with the precompiled header; empty with the reason in `note` if there is none.
  const std::string& header(std::string& note);

 private:
  struct Remembered {
    std::string source;
    std::shared_ptr<const Compiled> compiled;
  };

  Compiled run(const std::string& source);
  std::string make_header(const std::string& folder);
  void remember(const std::string& source, std::shared_ptr<const Compiled> compiled);

  sandbox::Sandbox& sandbox_;
  CompilerOptions options_;
  std::list<Remembered> remembered_;  // the last one used in front
  std::unordered_map<std::string_view, std::list<Remembered>::iterator> index_;
  std::uint64_t bytes_ = 0;
  std::uint64_t compilations_ = 0;
  bool looked_for_header_ = false;
  std::string header_;
  std::string header_note_;
};

}  // namespace tramontane::code
