#include "actors/rewards/sandbox/wire.h"

#include "runtime/base/names.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace tramontane::sandbox {
namespace {

class Writer {
 public:
  template <class Number>
  requires std::is_integral_v<Number>

  void field(const Number& value) {
    auto wide = static_cast<std::uint64_t>(value);
    for (int shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>(wide >> shift));
  }

  template <class Name>
  requires std::is_enum_v<Name>

  void field(const Name& value) { field(static_cast<std::uint64_t>(value)); }

  void field(const std::string& text) {
    field(text.size());
    bytes_ += text;
  }

  template <class T>
  void field(const std::vector<T>& list) {
    field(list.size());
    for (const auto& item : list) field(item);
  }

  template <class T>
  requires std::is_class_v<T>

  void field(const T& value) { each_field(*this, const_cast<T&>(value)); }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  requires std::is_integral_v<Number>

  void field(Number& value) {
    std::uint64_t wide = number();
    value = static_cast<Number>(wide);
    if (static_cast<std::uint64_t>(value) != wide) bad_ = true;
  }

  void field(Level& value) { named(value, Level::full); }

  void field(Ending& value) { named(value, Ending::sandbox_error); }

  void field(std::string& text) {
    std::uint64_t size = number();
    if (size > bytes_.size()) bad_ = true;
    if (bad_) return;
    text.assign(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
  }

  template <class T>
  void field(std::vector<T>& list) {
    std::uint64_t size = number();
    // Every item takes eight bytes at least: a length that cannot be true allocates nothing.
    if (size > bytes_.size() / 8) bad_ = true;
    if (bad_) return;
    list.resize(size);
    for (auto& item : list) field(item);
  }

  template <class T>
  requires std::is_class_v<T>

  void field(T& value) { each_field(*this, value); }

  bool done() const { return !bad_ && bytes_.empty(); }

 private:
  std::uint64_t number() {
    if (bytes_.size() < 8) bad_ = true;
    if (bad_) return 0;
    std::uint64_t wide = 0;
    for (std::size_t i = 0; i < 8; ++i)
      wide |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[i])) << (8 * i);
    bytes_.remove_prefix(8);
    return wide;
  }

  template <class Name>
  void named(Name& value, Name last) {
    std::uint64_t wide = number();
    if (wide > static_cast<std::uint64_t>(last)) bad_ = true;
    if (!bad_) value = static_cast<Name>(wide);
  }

  std::string_view bytes_;
  bool bad_ = false;
};

template <class Form, class... Fields>
void fields(Form& form, Fields&... all) {
  (form.field(all), ...);
}

template <class Form>
void each_field(Form& form, Limits& l) {
  fields(form, l.wall_ms, l.cpu_ms, l.memory_bytes, l.processes, l.file_bytes, l.output_bytes,
      l.error_bytes);
}

template <class Form>
void each_field(Form& form, File& f) {
  fields(form, f.name, f.bytes, f.executable);
}

template <class Form>
void each_field(Form& form, Program& p) {
  fields(form, p.argv, p.files, p.input, p.drop_output, p.limits, p.visible, p.collect,
      p.collect_bytes, p.work, p.keep_work);
}

template <class Form>
void each_field(Form& form, Request& r) {
  fields(form, r.programs);
}

template <class Form>
void each_field(Form& form, Outcome& o) {
  fields(form, o.ending, o.code, o.wall_ms, o.cpu_ms, o.peak_bytes, o.output, o.errors, o.error,
      o.collected, o.work);
}

template <class Form>
void each_field(Form& form, Report& r) {
  fields(form, r.level, r.missing, r.slot);
}

template <class T>
std::string encode_any(const T& value) {
  Writer writer;
  writer.field(value);
  return writer.take();
}

template <class T>
std::optional<T> parse_any(std::string_view bytes) {
  std::optional<T> value(std::in_place);
  Reader reader(bytes);
  reader.field(*value);
  if (!reader.done()) value.reset();
  return value;
}

bool has_no_nul(const std::string& text) {
  return text.find('\0') == std::string::npos;
}

bool is_file_name(const std::string& text) {
  return !text.empty() && text.size() < 256 && text != "." && text != ".." && has_no_nul(text) &&
         text.find('/') == std::string::npos;
}

// A path whose every part is a name, so that it stays below the root it is put in.
bool is_path(const std::string& text) {
  if (text.size() < 2 || text.size() > 4000 || text[0] != '/') return false;
  std::size_t begin = 1;
  while (begin <= text.size()) {
    std::size_t end = std::min(text.find('/', begin), text.size());
    if (!is_file_name(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

bool makes_sense(const Program& p) {
  auto named = [](const File& file) { return is_file_name(file.name); };
  return !p.argv.empty() && !p.argv[0].empty() && std::ranges::all_of(p.argv, has_no_nul) &&
         std::ranges::all_of(p.files, named) && std::ranges::all_of(p.collect, is_file_name) &&
         std::ranges::all_of(p.visible, is_path);
}

constexpr std::array levels = {"none", "partial", "full"};
constexpr std::array endings = {"ok", "nonzero exit", "signal", "wall limit", "cpu limit",
    "memory limit", "output limit", "sandbox error"};

}  // namespace

std::string encode(const Request& request) {
  return encode_any(request);
}

std::string encode(const std::vector<Outcome>& outcomes) {
  return encode_any(outcomes);
}

std::string encode(const Report& report) {
  return encode_any(report);
}

std::optional<Request> parse_request(std::string_view bytes) {
  auto request = parse_any<Request>(bytes);
  if (!request || request->programs.empty() || request->programs.size() > 2) return std::nullopt;
  if (!std::ranges::all_of(request->programs, makes_sense)) return std::nullopt;
  return request;
}

std::optional<std::vector<Outcome>> parse_outcomes(std::string_view bytes) {
  return parse_any<std::vector<Outcome>>(bytes);
}

std::optional<Report> parse_report(std::string_view bytes) {
  return parse_any<Report>(bytes);
}

const char* name(Level level) {
  return levels[static_cast<std::size_t>(level)];
}

const char* name(Ending ending) {
  return endings[static_cast<std::size_t>(ending)];
}

Level level_of(const std::string& text) {
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (text == levels[i]) return static_cast<Level>(i);
  throw Error(Errc::bad_input,
      unknown_name("sandbox", text, std::vector<std::string>(levels.begin(), levels.end())));
}

}  // namespace tramontane::sandbox
