#include "actors/model/tokenizer/pattern.h"

#include "actors/model/tokenizer/unicode.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <array>
#include <oniguruma.h>
#include <optional>

namespace tramontane {

namespace {

constexpr std::size_t expression_bytes_max = 4096;

// Bounds on one cut. A match is first tried with few steps back, then with ten times as many, and
// so on; what the failed tries were allowed counts against the budget of the whole text.
constexpr unsigned long steps_first = 1'000;
constexpr unsigned long steps_base = 20'000'000;
constexpr unsigned long steps_per_byte = 100;
constexpr unsigned int stack_max = 4'000'000;  // places to go back to
constexpr unsigned long calls_max = 1'000'000;

std::string reason(int code, OnigErrorInfo* info) {
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> text{};
  int length = onig_error_code_to_str(text.data(), code, info);
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

bool ready() {
  static const bool done = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_set_subexp_call_limit_in_search(calls_max);
    return onig_initialize(encodings, 1) == ONIG_NORMAL;
  }();
  return done;
}

struct Region {
  Region() = default;
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  ~Region() { onig_region_free(value, 1); }

  OnigRegion* value = onig_region_new();
};

struct Limits {
  Limits() {
    onig_initialize_match_param(value);
    onig_set_match_stack_limit_size_of_match_param(value, stack_max);
  }

  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

  ~Limits() { onig_free_match_param(value); }

  void allow(unsigned long steps) {
    onig_set_retry_limit_in_match_of_match_param(value, steps);
    onig_set_retry_limit_in_search_of_match_param(value, steps);
  }

  OnigMatchParam* value = onig_new_match_param();
};

// One text, searched from left to right.
class Search {
 public:
  Search(OnigRegex regex, std::string_view text)
      : regex_(regex), text_(text), budget_(steps_base + steps_per_byte * text.size()) {
    limits_.allow(steps_first);
  }

  // The next match, as Rust's `onig` finds them: none is empty right behind another.
  std::optional<Piece> next() {
    while (from_ <= text_.size()) {
      if (!find()) return std::nullopt;
      Piece match{static_cast<std::size_t>(region_.value->beg[0]),
          static_cast<std::size_t>(region_.value->end[0]), true};
      if (match.begin == match.end && last_ && *last_ == match.end) {
        from_ += from_ < text_.size() ? character_bytes(text_, from_) : 1;
        continue;
      }
      from_ = match.end;
      last_ = match.end;
      return match;
    }
    return std::nullopt;
  }

 private:
  bool find() {
    for (unsigned long steps = steps_first;; steps *= 10) {
      if (steps != steps_first) limits_.allow(steps);
      int code = search();
      if (steps != steps_first) limits_.allow(steps_first);
      if (code == ONIG_MISMATCH) return false;
      if (code >= 0) return true;
      bool again =
          code == ONIGERR_RETRY_LIMIT_IN_MATCH_OVER || code == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
      if (!again || steps > budget_)
        throw Error(
            Errc::bad_input, str("the tokenizer's pattern cannot cut a text of ", text_.size(),
                                 " bytes in bounded time and memory: ", reason(code, nullptr)));
      budget_ -= steps;
    }
  }

  int search() {
    const auto* begin = reinterpret_cast<const OnigUChar*>(text_.data());
    const OnigUChar* end = begin + text_.size();
    onig_region_clear(region_.value);
    return onig_search_with_param(
        regex_, begin, end, begin + from_, end, region_.value, ONIG_OPTION_NONE, limits_.value);
  }

  OnigRegex regex_;
  std::string_view text_;
  unsigned long budget_;
  Region region_;
  Limits limits_;
  std::size_t from_ = 0;
  std::optional<std::size_t> last_;
};

// Calls match(begin, end) for each.
template <class Match>
void each_match(OnigRegex regex, std::string_view text, Match match) {
  Search search(regex, text);
  while (auto found = search.next()) match(found->begin, found->end);
}

// The text with U+FFFD for what is no UTF-8, and where each byte of it came from.
struct Clean {
  explicit Clean(std::string_view raw) {
    for (std::size_t at = 0; at < raw.size();) {
      std::size_t bytes = character_bytes(raw, at);
      bool fine = is_utf8(raw.substr(at, bytes));
      std::string_view shown = fine ? raw.substr(at, bytes) : "\xEF\xBF\xBD";
      text += shown;
      origin.insert(origin.end(), shown.size(), at);
      at += bytes;
    }
    origin.push_back(raw.size());
  }

  std::string text;
  std::vector<std::size_t> origin;
};

}  // namespace

struct Pattern::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (regex != nullptr) onig_free(regex);
  }

  std::string literal;
  OnigRegex regex = nullptr;
};

Pattern::Pattern(std::string_view expression, bool literal) : state_(std::make_unique<State>()) {
  if (literal && !expression.empty()) {
    state_->literal = expression;
    return;
  }
  if (expression.size() > expression_bytes_max)
    throw Error(Errc::unsupported, str("a pattern of ", expression.size(),
                                       " bytes; supported are up to ", expression_bytes_max));
  TRAM_CHECK(ready(), "Oniguruma does not start");
  if (!is_utf8(expression)) throw Error(Errc::bad_input, "a pattern that is no UTF-8");
  const auto* begin = reinterpret_cast<const OnigUChar*>(expression.data());
  OnigErrorInfo info{};
  int code = onig_new(&state_->regex, begin, begin + expression.size(), ONIG_OPTION_NONE,
      ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &info);
  if (code != ONIG_NORMAL) {
    state_->regex = nullptr;
    throw Error(Errc::unsupported,
        str("the pattern '", expression, "' does not compile: ", reason(code, &info)));
  }
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

void Pattern::cut(std::string_view text, std::vector<Piece>& pieces) const {
  std::size_t done = 0;
  auto take = [&](std::size_t begin, std::size_t end) {
    if (begin > done) pieces.push_back({done, begin, false});
    pieces.push_back({begin, end, true});
    done = end;
  };
  if (!state_->literal.empty()) {
    for (std::size_t at = text.find(state_->literal); at != std::string_view::npos;
         at = text.find(state_->literal, done))
      take(at, at + state_->literal.size());
  } else if (is_utf8(text)) {
    each_match(state_->regex, text, take);
  } else {
    Clean clean(text);
    each_match(state_->regex, clean.text,
        [&](std::size_t begin, std::size_t end) { take(clean.origin[begin], clean.origin[end]); });
  }
  if (done < text.size()) pieces.push_back({done, text.size(), false});
}

}  // namespace tramontane
