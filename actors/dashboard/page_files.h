#pragma once
// The dashboard page's own files, built in by embed.py from actors/dashboard/static and what else
// meson.build names.

#include <string_view>
#include <vector>

namespace tramontane {

struct PageFile {
  std::string_view name;  // served as /static/NAME; index.html also as /
  std::string_view type;
  std::string_view bytes;
};

std::vector<PageFile> page_files();

}  // namespace tramontane
