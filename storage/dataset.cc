#include "storage/dataset.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <optional>
#include <unordered_map>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::size_t most_errors = 10;

// Gathers what is wrong, so that one run shows all of it.
struct Problems {
  const std::string& name;
  std::vector<std::string> texts;
  std::size_t more = 0;

  void add(std::uint32_t line, const std::string& text) {
    if (texts.size() < most_errors) {
      texts.push_back(str(name, ":", line, ": ", text));
    } else {
      ++more;
    }
  }

  void raise() const {
    if (texts.empty()) return;
    std::string all;
    for (const auto& text : texts) all += (all.empty() ? "" : "\n") + text;
    if (more > 0) all += str("\n… and ", more, " more lines like these");
    throw Error(Errc::bad_input, all);
  }
};

std::string fields_of(const json::object& object) {
  std::string names;
  for (const auto& item : object) {
    if (names.size() > 200) return names + ", …";
    if (!names.empty()) names += ", ";
    names += item.key();
  }
  return names.empty() ? "nothing" : names;
}

std::optional<std::string> text_of(const json::value& value, bool structured) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_number() || value.is_bool() || structured) return json_text(value);
  return std::nullopt;
}

// The field's text, or a problem. An absent optional field is empty. Where `structured`, an object
// or a list is its JSON text.
bool take(const json::object& object, const std::string& field, bool needed, std::uint32_t line,
    Problems& problems, std::string& into, bool structured = false) {
  const auto* value = object.if_contains(field);
  if (value == nullptr || value->is_null()) {
    if (!needed) return true;
    problems.add(line, str("no field '", field, "'; this line has: ", fields_of(object),
                           ". Rename it, or name your field in the job graph's data section"));
    return false;
  }
  auto text = text_of(*value, structured);
  if (!text) {
    problems.add(line, str("field '", field, "' must be a text or a number, but is ",
                           value->is_array() ? "a list" : "an object"));
    return false;
  }
  if (needed && text->empty()) {
    problems.add(line, str("field '", field, "' is empty"));
    return false;
  }
  into = std::move(*text);
  return true;
}

std::optional<Example> parse_line(
    std::string_view text, std::uint32_t line, const DatasetOptions& options, Problems& problems) {
  json::stream_parser parser;
  boost::system::error_code error;
  auto consumed = parser.write_some(text.data(), text.size(), error);
  if (!error && text.find_first_not_of(" \t\r", consumed) != std::string_view::npos) {
    error = json::error::extra_data;
  }
  if (!error) parser.finish(error);
  if (error) {
    problems.add(line, str("column ", consumed + 1, ": not valid JSON or UTF-8: ", error.message(),
                           ". Each line must be one object such as {\"", options.prompt_field,
                           "\": \"…\", \"", options.answer_field, "\": \"…\"}"));
    return std::nullopt;
  }
  auto value = parser.release();
  if (!value.is_object()) {
    problems.add(line, str("expected an object such as {\"", options.prompt_field,
                           "\": \"…\"}, but the line is ", json::to_string(value.kind())));
    return std::nullopt;
  }
  const auto& object = value.get_object();
  Example example;
  example.line = line;
  bool whole = take(object, options.prompt_field, true, line, problems, example.prompt);
  whole &= take(
      object, options.answer_field, options.needs_answer, line, problems, example.answer, true);
  whole &= take(object, options.completion_field, options.needs_completion, line, problems,
      example.completion);
  whole &= take(object, options.kind_field, false, line, problems, example.kind);
  if (!whole) return std::nullopt;
  return example;
}

}  // namespace

Dataset::Dataset(std::vector<Example> examples, std::uint64_t duplicates_dropped)
    : examples_(std::move(examples)), duplicates_dropped_(duplicates_dropped) {
  TRAM_CHECK(!examples_.empty(), "a data set without examples");
}

std::uint64_t Dataset::shuffled_index(std::uint64_t position, std::uint64_t seed) const {
  std::uint64_t epoch = position / size();
  // A seed per epoch; philox keeps neighbouring seeds unrelated.
  auto words = philox({seed, epoch, 0, 0x45504F43});
  std::uint64_t epoch_seed = (static_cast<std::uint64_t>(words[0]) << 32) | words[1];
  return permuted(position % size(), size(), epoch_seed);
}

Dataset parse_dataset(ByteView bytes, const std::string& name, const DatasetOptions& options) {
  std::string_view rest = as_text(bytes);
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // a byte order mark
  Problems problems{name, {}, 0};
  std::vector<Example> examples;
  std::unordered_map<std::string, std::uint32_t> seen;
  std::uint64_t dropped = 0;
  for (std::uint32_t line = 1; !rest.empty(); ++line) {
    auto end = rest.find('\n');
    auto text = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto example = parse_line(text, line, options, problems);
    if (!example) continue;
    if (options.duplicates != Duplicates::keep) {
      // Lengths first, so that no two different examples give the same key.
      auto key = str(example->prompt.size(), ' ', example->answer.size(), ' ', example->prompt,
          example->answer, example->completion);
      auto [first, fresh] = seen.emplace(std::move(key), line);
      if (!fresh) {
        ++dropped;
        if (options.duplicates == Duplicates::refuse) {
          problems.add(line, str("the same example as line ", first->second));
        }
        continue;
      }
    }
    examples.push_back(std::move(*example));
  }
  problems.raise();
  if (examples.empty()) {
    throw Error(Errc::bad_input,
        str(name, ": no examples: expected one JSON object per line, with '", options.prompt_field,
            "'", options.needs_answer ? " and '" + options.answer_field + "'" : std::string()));
  }
  return Dataset(std::move(examples), dropped);
}

Dataset read_dataset(const Files& files, const std::string& path, const DatasetOptions& options) {
  return parse_dataset(files.read(path), path, options);
}

}  // namespace tramontane
