#include "actors/rewards/language/clean.h"

#include "actors/rewards/language/markup.h"
#include "runtime/base/check.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace tramontane {

namespace {

bool is_kana(char32_t point) {
  return (point >= 0x3040 && point <= 0x30ff) || (point >= 0x31f0 && point <= 0x31ff);
}

bool is_character(char32_t point) {  // Chinese characters and kana
  return (point >= 0x2e80 && point <= 0x2fdf) || (point >= 0x3005 && point <= 0x3007) ||
         (point >= 0x3040 && point <= 0x30ff && point != 0x30fb) ||
         (point >= 0x31f0 && point <= 0x31ff) || (point >= 0x3400 && point <= 0x4dbf) ||
         (point >= 0x4e00 && point <= 0x9fff) || (point >= 0xf900 && point <= 0xfaff) ||
         (point >= 0x20000 && point <= 0x3ffff);
}

bool is_syllable(char32_t point) {  // Korean
  return point >= 0xac00 && point <= 0xd7a3;
}

// Normal form KC. Its length is bounded, for no character becomes more than eighteen.
std::string normal(const std::string& text) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* form = icu::Normalizer2::getNFKCInstance(code);
  std::string out;
  if (U_SUCCESS(code)) {
    icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
    form->normalizeUTF8(
        0, {text.data(), static_cast<std::int32_t>(text.size())}, sink, nullptr, code);
  }
  TRAM_CHECK(U_SUCCESS(code), "ICU has no normal form KC", u_errorName(code));
  return out;
}

void append(std::string& out, char32_t point) {
  char bytes[U8_MAX_LENGTH];
  std::int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, point);
  out.append(bytes, static_cast<std::size_t>(length));
}

enum class Role { letter, mark, apostrophe, junk, space, full_stop, stop, nothing, other };

// full_stop ends a sentence only before a space; stop always does.
Role ascii_role(char32_t point) {
  if ((point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z')) return Role::letter;
  switch (point) {
    case '\'':
      return Role::apostrophe;
    case '_':
    case '=':
    case '@':
      return Role::junk;
    case '.':
      return Role::full_stop;
    case '!':
    case '?':
    case '\n':
      return Role::stop;
    case ' ':
    case '\t':
    case '\r':
      return Role::space;
    default:
      return Role::other;
  }
}

Role role(char32_t point) {
  if (point < 0x80) return ascii_role(point);
  // ’ and ʼ; 。 । ؟ ۔
  if (point == 0x2019 || point == 0x2bc) return Role::apostrophe;
  if (point == 0x3002 || point == 0x964 || point == 0x61f || point == 0x6d4) return Role::stop;
  std::uint32_t mask = U_GET_GC_MASK(static_cast<UChar32>(point));
  if ((mask & U_GC_L_MASK) != 0) return Role::letter;
  if ((mask & U_GC_M_MASK) != 0) return Role::mark;
  if ((mask & U_GC_CF_MASK) != 0) return Role::nothing;  // what is not seen separates no words
  return (mask & U_GC_Z_MASK) != 0 ? Role::space : Role::other;
}

// Collects words into sentences.
class Sentences {
 public:
  void letter(char32_t point) {
    if (apostrophe_ && !word_.empty()) word_ += '\'';
    apostrophe_ = false;
    append(word_, static_cast<char32_t>(u_tolower(static_cast<UChar32>(point))));
    letters_ += letter_weight(point);
    // Scripts without spaces have words without end.
    if (letters_ >= sentence_letters_max) end_run();
  }

  void mark(char32_t point) {
    if (!word_.empty() && !apostrophe_) append(word_, point);
  }

  void apostrophe() { apostrophe_ = true; }

  // Between two words that spaces may or may not separate: "well-known", "x_1".
  void end_word() {
    if (!junk_) add_word();
    word_.clear();
    letters_ = 0;
    apostrophe_ = false;
    if (open_.letters >= sentence_letters_max) close();
  }

  // What surrounds this up to the next spaces is no prose.
  void junk() {
    junk_ = true;
    open_.text.resize(run_text_);
    open_.letters = run_letters_;
    end_word();
  }

  void end_run() {
    end_word();
    junk_ = false;
    run_text_ = open_.text.size();
    run_letters_ = open_.letters;
  }

  void end_sentence() {
    end_run();
    if (open_.letters >= sentence_letters_min) close();
  }

  std::vector<Sentence> take() {
    end_run();
    if (open_.letters >= sentence_letters_min || sentences_.empty()) {
      close();
    } else if (open_.letters > 0) {
      sentences_.back().text += " " + open_.text;
      sentences_.back().letters += open_.letters;
    }
    return std::move(sentences_);
  }

 private:
  void add_word() {
    if (word_.empty()) return;
    if (!open_.text.empty()) open_.text += ' ';
    open_.text += word_;
    open_.letters += letters_;
  }

  void close() {
    if (open_.letters > 0) sentences_.push_back(std::move(open_));
    open_ = {};
    run_text_ = 0;
    run_letters_ = 0;
  }

  std::vector<Sentence> sentences_;
  Sentence open_;
  std::size_t run_text_ = 0;  // of open_, before what follows the last space
  std::uint32_t run_letters_ = 0;
  std::string word_;
  std::uint32_t letters_ = 0;
  bool apostrophe_ = false;
  bool junk_ = false;
};

std::vector<Sentence> sentences_of(const std::string& text) {
  std::string plain = normal(text);
  Sentences sentences;
  for (std::size_t at = 0; at < plain.size();) {
    char32_t point = next_point(plain, at);
    Role what = role(point);
    if (what == Role::full_stop)
      what = at >= plain.size() || role(static_cast<unsigned char>(plain[at])) == Role::space ||
                     plain[at] == '\n' || plain[at] == '"'
                 ? Role::stop
                 : Role::other;
    switch (what) {
      case Role::letter:
        sentences.letter(point);
        break;
      case Role::mark:
        sentences.mark(point);
        break;
      case Role::apostrophe:
        sentences.apostrophe();
        break;
      case Role::junk:
        sentences.junk();
        break;
      case Role::space:
        sentences.end_run();
        break;
      case Role::stop:
        sentences.end_sentence();
        break;
      case Role::nothing:
        break;
      case Role::full_stop:
      case Role::other:
        sentences.end_word();
        break;
    }
  }
  return sentences.take();
}

}  // namespace

char32_t next_point(std::string_view text, std::size_t& at) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  UChar32 point = 0;
  U8_NEXT_OR_FFFD(bytes, at, text.size(), point);
  return static_cast<char32_t>(point);
}

std::uint32_t letter_weight(char32_t point) {
  if (point < 0x80) return ascii_role(point) == Role::letter ? 1 : 0;
  if (u_isalpha(static_cast<UChar32>(point)) == 0) return 0;
  if (is_kana(point) || is_syllable(point)) return 2;
  return is_character(point) ? 3 : 1;
}

std::vector<Sentence> clean_sentences(std::string_view text) {
  return sentences_of(strip_markup(text).prose);
}

Prose clean_prose(std::string_view text) {
  Stripped parts = strip_markup(text);
  return {sentences_of(parts.prose), sentences_of(hidden_prose(parts))};
}

std::string space_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 3);
  bool apart = false;  // the last was a Chinese character or a kana
  for (std::size_t at = 0; at < text.size();) {
    std::size_t start = at;
    char32_t point = next_point(text, at);
    bool character = point >= 0x80 && is_character(point);
    if ((character || apart) && point != ' ' && !out.empty() && out.back() != ' ') out += ' ';
    out += text.substr(start, at - start);
    apart = character;
  }
  return out;
}

}  // namespace tramontane
