#include "actors/model/chat_template/template_folder.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace tramontane {

namespace {

constexpr const char* template_file = "chat_template.jinja";
constexpr const char* config_file = "tokenizer_config.json";
constexpr const char* processor_file = "chat_template.json";  // of a model that sees images as well
constexpr std::streamsize file_bytes_max = 64
                                           << 20;  // added tokens of large vocabularies are in it

std::optional<Bytes> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw Error(Errc::io, str(path, ": ", std::strerror(errno)));
  }
  std::streamsize size = in.tellg();
  if (size < 0) throw Error(Errc::io, path + ": reading it failed");
  if (size > file_bytes_max) throw Error(Errc::bad_input, path + ": it is larger than 64 MiB");
  Bytes bytes(static_cast<std::size_t>(size));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(bytes.data()), size);
  if (in.gcount() != size) throw Error(Errc::io, path + ": reading it failed");
  return bytes;
}

boost::json::object parse_config(std::string_view text) {
  boost::system::error_code error;
  boost::json::value json = boost::json::parse(text, error);
  if (error) throw Error(Errc::bad_input, "it is no JSON: " + error.message());
  if (!json.is_object()) throw Error(Errc::bad_input, "it is no JSON object");
  return std::move(json.get_object());
}

std::optional<std::string> token_of(const boost::json::object& config, const char* name) {
  const boost::json::value* found = config.if_contains(name);
  if (found != nullptr && found->is_object()) {
    found = found->get_object().if_contains("content");
    if (found == nullptr)
      throw Error(Errc::bad_input, str(name, ": an object without a `content`"));
  }
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (!found->is_string())
    throw Error(Errc::bad_input, str(name, ": neither a text nor an object with one"));
  return std::string(found->get_string());
}

// The one named "default", of a list of objects with name and template.
std::optional<std::string> default_of(const boost::json::array& templates) {
  std::string names;
  for (const auto& one : templates) {
    const boost::json::object* object = one.if_object();
    const boost::json::value* name = object != nullptr ? object->if_contains("name") : nullptr;
    const boost::json::value* text = object != nullptr ? object->if_contains("template") : nullptr;
    if (name == nullptr || text == nullptr || !name->is_string() || !text->is_string())
      throw Error(
          Errc::bad_input, "chat_template: an item without the texts `name` and `template`");
    if (name->get_string() == "default") return std::string(text->get_string());
    names += (names.empty() ? "" : ", ") + std::string(name->get_string());
  }
  if (templates.empty()) return std::nullopt;
  throw Error(Errc::bad_input,
      "chat_template: none of its templates is named 'default'; they are: " + names);
}

std::optional<std::string> template_of(const boost::json::object& config) {
  const boost::json::value* found = config.if_contains("chat_template");
  if (found == nullptr || found->is_null()) return std::nullopt;
  if (found->is_string()) return std::string(found->get_string());
  if (found->is_array()) return default_of(found->get_array());
  throw Error(Errc::bad_input, "chat_template: neither a text nor a list of templates");
}

// Runs `parse` with errors that begin with the file.
template <class Parse>
auto in_file(const std::string& folder, const char* file, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error(error.errc(), str(folder, "/", file, ": ", error.text()));
  }
}

}  // namespace

std::optional<FolderTemplate> chat_template_of(
    const std::string& folder, const std::map<std::string, Bytes>& files) {
  auto source_file = files.find(template_file);
  auto config_bytes = files.find(config_file);
  FolderTemplate made;
  std::optional<std::string> source;
  if (config_bytes != files.end()) {
    in_file(folder, config_file, [&] {
      boost::json::object config = parse_config(as_text(config_bytes->second));
      made.bos_token = token_of(config, "bos_token");
      made.eos_token = token_of(config, "eos_token");
      made.pad_token = token_of(config, "pad_token");
      made.unk_token = token_of(config, "unk_token");
      if (source_file == files.end()) source = template_of(config);
      return 0;
    });
  }
  const char* from = source_file != files.end() ? template_file : config_file;
  if (source_file != files.end()) source = std::string(as_text(source_file->second));
  if (auto file = files.find(processor_file); !source && file != files.end()) {
    from = processor_file;
    source =
        in_file(folder, from, [&] { return template_of(parse_config(as_text(file->second))); });
  }
  if (!source) return std::nullopt;
  made.chat = in_file(folder, from, [&] { return ChatTemplate::parse(*source); });
  return made;
}

std::optional<FolderTemplate> chat_template_of(const std::string& folder) {
  std::map<std::string, Bytes> files;
  for (const char* name : {template_file, config_file, processor_file})
    if (auto bytes = read_file(str(folder, "/", name))) files[name] = std::move(*bytes);
  return chat_template_of(folder, files);
}

std::string FolderTemplate::render(const boost::json::array& messages, ChatOptions options) const {
  auto fill = [](std::optional<std::string>& option, const std::optional<std::string>& token) {
    if (!option) option = token;
  };
  fill(options.bos_token, bos_token);
  fill(options.eos_token, eos_token);
  fill(options.pad_token, pad_token);
  fill(options.unk_token, unk_token);
  return chat.render(messages, options);
}

}  // namespace tramontane
