// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_plots.h"

#include "data/story_plot_lists.h"

#include <vector>

namespace gsst {

std::span<const StoryPlot> storyPlots() {
    static const std::vector<StoryPlot> plots = [] {
        std::vector<StoryPlot> all;
        for (const auto list : {villagePlots(), naturePlots(), skillPlots()})
            all.insert(all.end(), list.begin(), list.end());
        return all;
    }();
    return plots;
}

std::string_view storyOpening() {
    return "[[In|Near] {town} there lived {a child} called {hero}.|{Hero} was [{a child} from {town}|{a child} who "
           "lived in "
           "{town}] and liked [{food}|long walks|riddles|old stories] more than anything else.|Once there was {a "
           "child} "
           "called {hero}, who lived with {his} {kin} in {town}.|{Hero} lived in a small house in {town}, right beside "
           "[the "
           "{job}|an old {tree}|a narrow lane].|In the year of the great [flood|snow|harvest|comet], {a child} called "
           "{hero}"
           " lived in {town}.|{+Weather} In {town}, {hero} [opened the window and looked out|put on {his} boots|was "
           "still at"
           " breakfast].|Everybody in {town} knew {hero}, [because {he} asked so many questions|the {child} with the "
           "{colour} [hat|coat|scarf]|who was never seen without {a +quality} book].|It was a quiet week in {town}, "
           "and "
           "{hero} [had nothing to do|was waiting for something to happen|counted the days until the holidays].|{Hero} "
           "had "
           "[{+number} brothers|{+number} cousins|no brothers or sisters] and lived in {town}, where {his} {kin} was "
           "{a "
           "+job}.|Not far from {town} stood {a colour} house, and in it lived {a child} whose name was {hero}.]";
}

std::string_view storyInterlude() {
    return "[On the way they met {a +job} with {a +quality} {+thing}. \"[Good day|Where are you going]?\" said the "
           "stranger.|{+Weather} {Hero} looked up at the sky and thought of {food}.|\"Do you think it will turn out "
           "well?\" "
           "asked {friend}. \"[I hope so|I am not sure|It has to],\" said {hero} {+tone}.|From far away came {+noise}. "
           "{Friend} stopped and listened. \"[It is nothing|It is only {a +animal}],\" said {hero}, and they went "
           "on.|They "
           "rested for a while {spot2} and shared {+food}. {A +animal} watched them from a safe distance.|{His} {kin} "
           "used "
           "to say, \"[A small step is a step|Who asks will find the way|Even a long night ends in the morning|Two "
           "heads see "
           "round the corner].\" {Hero} thought of that now.|Somebody had left {a +quality} {+thing} by the side of "
           "the road."
           " They did not touch it, but they talked about it for a long time.|A single {plant} grew between the "
           "stones. "
           "{Friend} walked round it so as not to step on it.|{Hero} counted to {+number} and took a deep breath. [It "
           "helped"
           " a little.|Then {he} felt {+glad}.]|\"If I were {a +animal},\" said {friend}, \"I would sleep all day.\" "
           "\"If I were "
           "{a +animal},\" said {hero}, \"I would not have to go to school.\" They both laughed.|For a moment "
           "everything was "
           "quiet. Then there was {+noise}, and the moment was over.|\"Did you know,\" said {friend}, \"that the {job} "
           "once "
           "lost {a +thing} here and found it again after {+number} years?\" \"[Who told you that?|I do not believe "
           "it.|Perhaps it wanted to be lost.]\" said {hero}.]";
}

std::string_view storyEnding() {
    return "[That evening {hero} went to bed {+glad}.|{Hero} felt {+glad}, and so did {friend}.|{His} {kin} listened "
           "to the "
           "story and smiled. \"[I am proud of you|Well done|I could not have done it better],\" said {his} "
           "{kin}.|They were "
           "friends for the rest of their lives.|And if you go to {town} today, people will still tell you about "
           "it.|Outside"
           " it began to [rain|snow|grow dark], but inside it was warm.|\"[Tomorrow|Next time],\" said {friend}, \"we "
           "shall [do"
           " something easier|take {food} with us|start earlier].\"|{He} wrote it all down in {a +quality} notebook, "
           "so as "
           "not to forget it.|\"What did you learn from that?\" asked {his} {kin}. {Hero} thought about it. \"[That it "
           "is good "
           "to ask|That one can begin again|That waiting is a kind of work|That it is easier together],\" {he} "
           "said.|It had "
           "been a long day. {Hero} fell asleep before {he} could [take off {his} shoes|finish {his} supper].|From "
           "then on "
           "they met {spot} every week.|The next morning {+noise} woke {hero}. A new day had begun, and perhaps a new "
           "story.|Nobody in {town} ever found out how [close|hard] it had been.|{Hero} looked at {friend}, and "
           "{friend} "
           "looked at {hero}. They did not need to say anything.]";
}

}  // namespace gsst
