#pragma once
// One sentence of ordinary school mathematics in each language that the trained model knows.

#include <array>
#include <string_view>

namespace tramontane {

struct Text {
  const char* language;
  std::string_view text;
};

inline constexpr std::array<Text, 12> texts = {{
    {"en", "First we add the number of apples in both baskets and divide the sum by three."},
    {"fr", "On additionne d'abord les pommes des deux paniers, puis on divise la somme par trois."},
    {"es", "Primero sumamos las manzanas de las dos cestas y dividimos la suma entre tres."},
    {"de",
        "Zuerst zählen wir die Äpfel in beiden Körben zusammen und teilen die Summe durch drei."},
    {"it", "Prima sommiamo le mele dei due cestini, poi dividiamo la somma per tre."},
    {"pt", "Primeiro somamos as maçãs das duas cestas e depois dividimos a soma por três."},
    {"nl", "Eerst tellen we de appels in beide manden bij elkaar op en delen de som door drie."},
    {"ru", "Сначала сложим яблоки из обеих корзин, а затем разделим сумму на три."},
    {"zh", "首先我们把两个篮子里的苹果数量加起来，然后把总数除以三，得到每个人分到的苹果数。"},
    {"ja", "まず二つのかごに入っているりんごの数を足して、その合計を三で割ります。"},
    {"ko", "먼저 두 바구니에 있는 사과의 수를 더한 다음 그 합을 셋으로 나눕니다."},
    {"ar", "أولا نجمع عدد التفاحات في السلتين ثم نقسم المجموع على ثلاثة."},
}};

inline constexpr std::string_view text_in(std::string_view language) {
  for (const Text& known : texts)
    if (known.language == language) return known.text;
  return {};
}

}  // namespace tramontane
