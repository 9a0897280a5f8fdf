#include "storage/dataset.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "storage/decompress.h"
#include "storage/json_member.h"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
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

// A field of one line.
struct Field {
  const json::value* value = nullptr;  // null: it is not there
  std::vector<std::string> path;
};

Field find(const json::object& object, const std::string& name) {
  if (const auto* value = object.if_contains(name)) return {value, {name}};
  Field field;
  const json::object* in = &object;
  for (std::size_t begin = 0;;) {
    auto end = name.find('.', begin);
    field.path.push_back(name.substr(begin, end - begin));
    const json::value* value = in->if_contains(field.path.back());
    if (end == std::string::npos) return field.value = value, field;
    if (value == nullptr || !value->is_object()) return {};
    in = &value->get_object();
    begin = end + 1;
  }
}

bool is_scalar(const json::value& value) {
  return value.is_string() || value.is_number() || value.is_bool();
}

std::string number_text(const json::value& value) {
  if (!value.is_double()) return json_text(value);
  char text[32];
  auto end = std::to_chars(text, text + sizeof text, value.get_double());
  return {text, end.ptr};
}

// The text of a value that stands at `path` in `line`.
std::optional<std::string> text_of(const Field& field, std::string_view line, bool structured) {
  const json::value& value = *field.value;
  if (value.is_string()) return std::string(value.get_string());
  if (is_scalar(value)) {
    auto raw = json_member(line, field.path);
    return raw ? std::string(*raw) : number_text(value);
  }
  if (!structured) return std::nullopt;
  const auto* list = value.if_array();
  if (list == nullptr || !std::all_of(list->begin(), list->end(), is_scalar))
    return json_text(value);
  auto raw = json_member(line, field.path);
  std::vector<std::string_view> letters = raw ? json_items(*raw) : std::vector<std::string_view>();
  json::array texts;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const json::value& item = (*list)[i];
    if (item.is_string())
      texts.push_back(item);
    else if (letters.size() == list->size())
      texts.emplace_back(letters[i]);
    else
      texts.emplace_back(number_text(item));
  }
  return json_text(json::value(texts));
}

// How a field is taken: an absent optional one is empty, and so is one that is neither text nor
// number; where `structured`, an object or a list is its JSON text.
struct Taking {
  bool needed = false;
  bool structured = false;
  bool may_be_empty = false;
};

// The field's text, or a problem. `text` is the whole line.
bool take(const json::object& object, std::string_view text, const std::string& name,
    const Taking& how, std::uint32_t line, Problems& problems, std::string& into) {
  Field field = find(object, name);
  if (field.value == nullptr || field.value->is_null()) {
    if (!how.needed) return true;
    problems.add(line, str("no field '", name, "'; this line has: ", fields_of(object),
                           ". Rename it, or name your field in the job graph's data section"));
    return false;
  }
  auto found = text_of(field, text, how.structured);
  if (!found) {
    if (!how.needed) return true;
    problems.add(line, str("field '", name, "' must be a text or a number, but is ",
                           field.value->is_array() ? "a list" : "an object"));
    return false;
  }
  if (how.needed && !how.may_be_empty && found->empty()) {
    problems.add(line, str("field '", name, "' is empty"));
    return false;
  }
  into = std::move(*found);
  return true;
}

// A prompt that is a list of messages; what is wrong with it, or nothing.
std::string take_turns(const json::array& messages, Example& example) {
  for (const json::value& message : messages) {
    const auto* object = message.if_object();
    const auto* role = object == nullptr ? nullptr : object->if_contains("role");
    const auto* content = object == nullptr ? nullptr : object->if_contains("content");
    if (role == nullptr || !role->is_string() || content == nullptr || !content->is_string())
      return "a prompt that is a list has messages {\"role\": text, \"content\": text}";
    Turn turn{std::string(role->as_string()), std::string(content->as_string())};
    bool known = turn.role == "user" || turn.role == "assistant" ||
                 (turn.role == "system" && example.turns.empty());
    if (!known)
      return str("a message of the role '", turn.role,
          "'; expected user or assistant, and system first of all");
    example.turns.push_back(std::move(turn));
  }
  if (example.turns.empty() || example.turns.back().role != "user")
    return "the last message of a prompt must be the user's";
  example.prompt = example.turns.back().content;
  return example.prompt.empty() ? "the user's last message is empty" : "";
}

bool take_prompt(const json::object& object, std::string_view text, const DatasetOptions& options,
    std::uint32_t line, Problems& problems, Example& example) {
  Field field = find(object, options.prompt_field);
  const auto* messages = field.value == nullptr ? nullptr : field.value->if_array();
  if (messages == nullptr)
    return take(object, text, options.prompt_field,
        {.needed = true, .may_be_empty = options.empty_texts}, line, problems, example.prompt);
  std::string wrong = take_turns(*messages, example);
  if (!wrong.empty()) problems.add(line, str("field '", options.prompt_field, "': ", wrong));
  return wrong.empty();
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
  bool whole = take_prompt(object, text, options, line, problems, example);
  whole &= take(object, text, options.answer_field,
      {.needed = options.needs_answer, .structured = true}, line, problems, example.answer);
  whole &= take(object, text, options.completion_field,
      {.needed = options.needs_completion, .may_be_empty = options.empty_texts}, line, problems,
      example.completion);
  whole &= take(object, text, options.kind_field, {}, line, problems, example.kind);
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

Example parse_example(std::string_view text, std::uint32_t line, const std::string& name,
    const DatasetOptions& options) {
  Problems problems{name, {}, 0};
  auto example = parse_line(text, line, options, problems);
  problems.raise();
  return std::move(*example);
}

Dataset parse_dataset(ByteView bytes, const std::string& name, const DatasetOptions& options) {
  auto unpacked = unpack(bytes, name);
  std::string_view rest = as_text(unpacked ? ByteView(*unpacked) : bytes);
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
