#pragma once
// An OutFile is a file that is written in pieces under another name and is then there, whole.
//
//   OutFile file(folder, "steps.csv");
//   file.write("step,score\n");
//   file.close();                     // without it nothing of it remains
//
// Makes the folder. Errors are Error(io) naming the file. One thread.

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace tramontane {

class OutFile {
 public:
  OutFile(const std::string& folder, const std::string& name);
  ~OutFile();
  OutFile(const OutFile&) = delete;
  OutFile& operator=(const OutFile&) = delete;

  const std::string& path() const { return path_; }

  void write(std::string_view bytes);
  void close();

 private:
  [[noreturn]] void fail() const;

  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string path_;
  std::string draft_;
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace tramontane
