// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/text/format.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <cmath>

namespace gsst {
namespace {

/// Hours and minutes; the C locale's short format has seconds.
QString clockText(const QTime& time) {
    QString format = QLocale().timeFormat(QLocale::ShortFormat);
    return QLocale().toString(time, format.remove(":ss"));
}

QString words(const char* text) {
    return QCoreApplication::translate("Format", text);
}

}  // namespace

QString fromUtf8(const std::string& text) {
    return QString::fromUtf8(text.data(), qsizetype(text.size()));
}

std::string toUtf8(const QString& text) {
    return text.toUtf8().toStdString();
}

QString fromPath(const std::filesystem::path& path) {
    return QString::fromStdU16String(path.u16string());
}

std::filesystem::path toPath(const QString& path) {
    return {path.toStdU16String()};
}

QString numberText(double value, int decimals) {
    if (!std::isfinite(value))
        return words("–");
    return QLocale().toString(value, 'f', decimals);
}

QString bytesNumber(double bytes, double unit) {
    const double value = bytes / unit;
    return numberText(value, value >= 100 || value == 0 ? 0 : value < 0.95 ? 2 : 1);
}

QString bytesText(double bytes) {
    if (bytes < 1024)
        return words("%1 B").arg(numberText(bytes, 0));
    if (bytes < kMiB)
        return words("%1 KiB").arg(bytesNumber(bytes, 1024));
    if (bytes < 0.995 * kGiB)
        return words("%1 MiB").arg(bytesNumber(bytes, kMiB));
    return words("%1 GiB").arg(bytesNumber(bytes, kGiB));
}

QString countText(double count) {
    const auto scaled = [](double value) {
        return numberText(value, value >= 99.95 || std::fabs(value - std::round(value)) < 0.05 ? 0 : 1);
    };
    if (count < 9999.5)
        return numberText(count, 0);
    if (count < 999'500)
        return words("%1 k").arg(scaled(count / 1e3));
    if (count < 999.5e6)
        return words("%1 M").arg(scaled(count / 1e6));
    return words("%1 B").arg(scaled(count / 1e9));
}

QString rateText(double bytesPerSecond) {
    const double megabytes = bytesPerSecond / 1e6;
    return words("%1 MB/s").arg(numberText(megabytes, megabytes < 10 ? 1 : 0));
}

QString durationText(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0)
        return words("–");
    if (seconds < 0.095)
        return words("%1 ms").arg(numberText(seconds * 1000, 0));
    if (seconds < 10)
        return words("%1 s").arg(numberText(seconds, 1));
    if (seconds < 99.5)
        return words("%1 s").arg(numberText(seconds, 0));
    const auto minutes = int64_t(std::llround(seconds / 60));
    if (minutes < 60)
        return words("%1 min").arg(minutes);
    if (minutes < 48 * 60)
        return minutes % 60 == 0 ? words("%1 h").arg(minutes / 60)
                                 : words("%1 h %2 min").arg(minutes / 60).arg(minutes % 60);
    return words("%1 days").arg(numberText(double(minutes) / 1440, minutes < 14400 ? 1 : 0));
}

QString percentText(double share) {
    return std::isfinite(share) ? words("%1 %").arg(numberText(100 * share, 0)) : words("–");
}

QString changeText(double share) {
    if (!std::isfinite(share))
        return words("–");
    const double percent = std::round(100 * share);
    if (percent == 0)
        return words("0 %");
    return words("%1 %").arg((percent > 0 ? QString("+") : QString(QChar(0x2212))) + numberText(std::fabs(percent), 0));
}

QString lossText(double loss) {
    return numberText(loss, loss < 10 ? 3 : 2);
}

QString dayText(int64_t secondsSince1970) {
    if (secondsSince1970 <= 0)
        return words("–");
    const QDateTime then = QDateTime::fromSecsSinceEpoch(secondsSince1970);
    const QDateTime now = QDateTime::currentDateTime();
    if (then.secsTo(now) < 60)
        return words("now");
    if (then.date() == now.date())
        return clockText(then.time());
    const QString format = then.date().year() == now.date().year() ? words("d MMM") : words("d MMM yyyy");
    return QLocale().toString(then.date(), format);
}

QString finishText(double secondsLeft) {
    if (!std::isfinite(secondsLeft) || secondsLeft < 0 || secondsLeft > 3.15e8)
        return {};
    const QDateTime now = QDateTime::currentDateTime();
    const QDateTime end = now.addSecs(qint64(secondsLeft));
    const QString time = clockText(end.time());
    const qint64 days = now.date().daysTo(end.date());
    if (days == 0)
        return words("done today at %1").arg(time);
    if (days == 1)
        return words("done tomorrow at %1").arg(time);
    return words("done on %1").arg(QLocale().toString(end.date(), words("d MMM")));
}

}  // namespace gsst
