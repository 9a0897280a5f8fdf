#pragma once
// Text for terminals: widths in columns, figures with units, bars, sparklines, braille charts.
// Everything here is a pure function; a figure that is not finite is shown as "–".

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tramontane {

// Columns that valid UTF-8 takes on a terminal: two for East Asian wide and emoji, none for marks.
int columns(std::string_view utf8);

// Exactly `width` columns: cut with … or filled with spaces, right of the text or (fit_right) left.
std::string fit(std::string_view utf8, int width);
std::string fit_right(std::string_view utf8, int width);
// At most `width` columns.
std::string cut(std::string_view utf8, int width);

std::string fixed(double value, int digits);  // 0.412
std::string count(double value);              // 1,234   123k   4.56M
std::string whole(double value);              // 1,234,567
std::string share(double value);              // 96 %
std::string duration(double seconds);         // 0.4 s   42 s   1:05   2:03:04
std::string micros(double microseconds);      // 12 µs   1.2 ms   3.4 s
std::string bytes_text(double bytes);         // 1.7 MB

std::string bar(double share, int width);                             // ███▌░░
std::string sparkline(const std::vector<double>& values, int width);  // ▁▂▄▇, the newest at right

enum class Tone { plain, dim, strong, first, second, good, warn, bad };

// One line of a frame, in pieces of a tone each.
class Line {
 public:
  Line& add(std::string_view utf8, Tone tone = Tone::plain);
  Line& add(const Line& other);
  // Spaces up to this column.
  Line& to(int column);

  int width() const { return width_; }

  // At most `width` columns.
  std::string str(int width, bool colour) const;

  // The same in lines of at most `width` columns, those after the first `indent` columns in. Broken
  // at two spaces, as stand between figures, else at one. What has no space is never broken, so
  // that a path can be copied: such a line may be longer.
  std::vector<Line> folded(int width, int indent) const;

 private:
  std::vector<std::pair<std::string, Tone>> pieces_;
  int width_ = 0;
};

// Points (x, y) in the order of x, at most `capacity` of them: every other is forgotten when full,
// so that a long run keeps its shape in bounded memory.
class Series {
 public:
  void add(double x, double y);

  void clear() { points_.clear(); }

  bool empty() const { return points_.empty(); }

  double last() const;

  const std::vector<std::pair<double, double>>& points() const { return points_; }

 private:
  static constexpr std::size_t capacity = 2048;
  std::vector<std::pair<double, double>> points_;
};

struct Axes {
  double x_from = 0;
  double x_to = 1;
  double y_from = 0;
  double y_to = 1;
};

// Curves in braille dots, 2 by 4 to a cell; where two curves share a cell, the later gives the
// tone.
class Chart {
 public:
  Chart(int columns, int rows, Axes axes);
  void curve(const Series& series, Tone tone);
  std::vector<Line> lines() const;

 private:
  void dot(int x, int y, Tone tone);

  int columns_;
  int rows_;
  Axes axes_;
  std::vector<unsigned char> dots_;
  std::vector<Tone> tones_;
};

}  // namespace tramontane
