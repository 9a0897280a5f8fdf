#include "runtime/config/options.h"

#include "runtime/config/load.h"
#include "runtime/config/text_forms.h"
#include "tests/config/forms.capnp.h"

#include <filesystem>

#include "tests/support/test.h"

using namespace tramontane;

namespace {

LoadedConfig load(const std::string& text, const std::vector<std::string>& sets = {}) {
  return load_config<schema::Forms>("folder/forms.yaml", text, sets);
}

std::string problems(const LoadedConfig& config) {
  try {
    config.finish();
  } catch (const ConfigError& error) {
    return error.text();
  }
  return "";
}

std::vector<std::string> texts(capnp::List<capnp::Text>::Reader list) {
  std::vector<std::string> out;
  for (auto text : list) out.emplace_back(text.cStr());
  return out;
}

Bytes own(LoadedConfig& config, const std::string& path) {
  return config.decode_raw(path, OptionsSchema::of<schema::Own>().schema());
}

}  // namespace

TEST_CASE("raw options are decoded by a schema that is known later") {
  auto config = load("parts:\n  a: { kind: x, options: { size: 9 } }\n  b: { kind: x }\n",
      {"parts.b.options.size=4"});
  Bytes a = own(config, "parts.a.options");
  Bytes b = own(config, "parts.b.options");
  Bytes none = own(config, "parts.c.options");
  config.finish();
  CHECK(ReadOptions<schema::Own>(a)->getSize() == 9);
  CHECK(ReadOptions<schema::Own>(b)->getSize() == 4);
  CHECK(ReadOptions<schema::Own>(none)->getSize() == 3);
  CHECK(ReadOptions<schema::Own>(Bytes())->getSize() == 3);
}

TEST_CASE("what is wrong with raw options has the place of its key") {
  auto config = load("parts:\n  a: { options: { sise: 9, size: 0 } }\n  b: { options: [1] }\n",
      {"parts.c.options.size=big"});
  own(config, "parts.a.options");
  own(config, "parts.b.options");
  own(config, "parts.c.options");
  std::string text = problems(config);
  CHECK(text.find("folder/forms.yaml:2:19: unknown key 'sise'; did you mean 'size'?") !=
        std::string::npos);
  CHECK(text.find("folder/forms.yaml:2:34: parts.a.options.size: expected at least 1") !=
        std::string::npos);
  CHECK(text.find("folder/forms.yaml:3:17: parts.b.options: expected keys and values") !=
        std::string::npos);
  CHECK(text.find("--set parts.c.options.size=big: ") != std::string::npos);
}

TEST_CASE("bytes that are no options are refused, not read") {
  Bytes bytes(16, std::byte{0xff});
  CHECK_THROWS_AS(ReadOptions<schema::Own>{bytes}, Error);
}

TEST_CASE("options are described with type, default and meaning") {
  CHECK(OptionsSchema::of<schema::Own>().described().find(
            "size: 3   # whole number; how large [>= 1]") != std::string::npos);
  CHECK(OptionsSchema().described().empty());
  CHECK_FALSE(OptionsSchema());
}

TEST_CASE("a file's name is taken from the folder of the file that gives it") {
  std::string folder = std::filesystem::current_path().string() + "/folder/";
  auto config =
      load("file: ../a.txt\nfiles: 'b/*.txt, /c.txt'\nparts: { a: { options: { path: d } } }");
  Bytes options = own(config, "parts.a.options");
  config.finish();
  auto forms = config.get<schema::Forms>();
  CHECK(forms.getFile() == std::filesystem::current_path().string() + "/a.txt");
  CHECK(texts(forms.getFiles()) == std::vector<std::string>{folder + "b/*.txt", "/c.txt"});
  CHECK(std::string(ReadOptions<schema::Own>(options)->getPath()) == folder + "d");
  auto list = load("files: [e, '']");
  list.finish();
  CHECK(texts(list.get<schema::Forms>().getFiles()) == std::vector<std::string>{folder + "e", ""});
  CHECK(load("").get<schema::Forms>().getFile() == "left.txt");
}

TEST_CASE("only a list that says so is written with commas") {
  auto config = load("words: ' one,two , three'");
  config.finish();
  CHECK(texts(config.get<schema::Forms>().getWords()) ==
        std::vector<std::string>{"one", "two", "three"});
  CHECK(problems(load("lines: a, b")).find("lines: expected a list") != std::string::npos);
  CHECK(problems(load("words: { a: b }")).find("words: expected a list") != std::string::npos);
}

TEST_CASE("a list with commas has the parts between them") {
  CHECK(comma_list("").empty());
  CHECK(comma_list("  ").empty());
  CHECK(comma_list("a") == std::vector<std::string>{"a"});
  CHECK(comma_list("a, b") == std::vector<std::string>{"a", "b"});
  CHECK(comma_list("a,,b,") == std::vector<std::string>{"a", "", "b", ""});
}

TEST_CASE("the keys of a file are those of its map") {
  CHECK(top_keys("b: 1\na: { c: 2 }\n") == std::vector<std::string>{"b", "a"});
  CHECK(top_keys("- a\n").empty());
  CHECK(top_keys("a: [").empty());
  CHECK(top_keys("").empty());
}
