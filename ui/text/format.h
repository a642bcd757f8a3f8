// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>
#include <filesystem>
#include <string>

namespace gsst {

// Figures in the user's locale. Memory and files in GiB/MiB, drive speed in MB/s, tokens and parameters short.

QString fromUtf8(const std::string& text);
std::string toUtf8(const QString& text);
QString fromPath(const std::filesystem::path& path);
std::filesystem::path toPath(const QString& path);

QString numberText(double value, int decimals);  ///< "2,473" / "1.95"; "–" if not finite
QString bytesText(double bytes);                 ///< "6.2 GiB", "340 MiB"
QString bytesNumber(double bytes, double unit);  ///< without the unit; two decimals below 1
QString countText(double count);                 ///< "120 M", "1.1 B", "12.5 k"
QString rateText(double bytesPerSecond);         ///< "850 MB/s"
QString durationText(double seconds);            ///< "7 h 25 min"; "–" if unknown
QString percentText(double share);               ///< 0.45 -> "45 %"
QString changeText(double share);                ///< 0.01 -> "+1 %"
QString lossText(double loss);                   ///< two or three digits after the point
QString dayText(int64_t secondsSince1970);       ///< "now", "09:12", "22 Nov"
QString finishText(double secondsLeft);          ///< "done today at 23:40"

inline constexpr double kMiB = 1024.0 * 1024.0;
inline constexpr double kGiB = 1024.0 * kMiB;

}  // namespace gsst
