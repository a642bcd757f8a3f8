// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/story_plot_lists.h"

#include <array>

namespace gsst {
namespace {

constexpr auto kPlots = std::to_array<StoryPlot>({
    {"{+Hour} {he} and {friend} heard {+noise} {spot}. It was {a critter} that had [hurt its leg|been caught in some "
     "wire|fallen into a hole].",
     "{Hero} felt {+sad}, but {he} went closer, step by step. \"I will not harm you,\" {he} whispered. {He} wrapped "
     "the "
     "{critter} in {his} coat and carried it home. {His} {kin} brought [warm water|a clean cloth] and a box with "
     "straw. For {+number} days {hero} fed it and [changed the bandage|sat beside the box after school].\n[At first the"
     " {critter} hid in the corner.|At first the {critter} would not eat.] Then, one morning, it came out and [sniffed"
     " at {his} hand|looked {him} in the eyes].",
     "When the {critter} was strong again, {hero} and {friend} took it back. {He} wanted to keep it, but {he} knew "
     "that it belonged outside. It ran a few steps, turned round once and was gone. [All through the {season} {he} saw"
     " it from time to time {spot}.|In the {season} it came back, and it was not alone.]"},
    {"{His} {kin} gave {him} a small brown seed {+hour}. \"It is [very old|from a faraway country],\" said {his} "
     "{kin}. "
     "\"Be patient with it.\" [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, "
     "knew"
     " it too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "{Hero} put the seed into the ground {spot} and watered it every day. A week passed, and nothing happened. "
     "{Friend} laughed. \"It is only a stone,\" {fhe} said. [Another week passed.|Rain came, and then frost.] {Hero} "
     "felt {+sad}, but {he} went on. {He} built a little fence against the {critter} that dug there at night.\nThen, "
     "{+hour}, {he} saw a green tip no longer than a fingernail. {He} ran to fetch {friend}. \"[It is not a "
     "stone!|Look, look!]\" {he} shouted.",
     "In the {season} it grew into a beautiful {plant} with {+colour} petals. {Friend} stood before it for a long "
     "time. \"I was wrong,\" said {friend}. \"[May I have one of its seeds?|Will you teach me how to wait?]\""},
    {"[There was {a critter} {spot} that|{A critter} lived {spot} and] stole something every day: {a +thing} from the "
     "{job}, {a +thing} from the school, even {food} from the table of {hero}. [{His} best friend {friend} was the "
     "first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} told {his} friend {friend} about it.|\"What "
     "do you think?\" {he} asked {his} friend {friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "\"We must catch it,\" said the people. {Hero} and {friend} hid {spot} and waited. {+Weather} At last they heard "
     "{+noise}. The {critter} came, took [a shiny spoon|a red ribbon|a glove] and ran off. They followed it {+manner},"
     " over a fence and through a hedge, until they stood before {a tree}.\nBetween the roots there was a nest made of "
     "all the things that had been lost, and in the middle [lay three little ones|slept a very small baby]. \"It only "
     "wanted to keep them warm,\" said {friend}.",
     "They brought an old blanket and put it beside the nest. The next day [the stolen things lay in a row before the "
     "door of the {job}|all that had been lost was back], and nothing was ever stolen again."},
    {"{Hero} and {friend} wanted to climb the mountain behind {town}. They packed {food}, a rope and {a quality} "
     "{thing}.",
     "[They started before sunrise.|The first hours were easy.] But then fog came down, so thick that they could not "
     "see their own feet. {Friend} wanted to run. \"Stop,\" said {hero}. \"If we run, we shall fall. Let us sit down "
     "and "
     "listen.\" They sat down under {a tree} and felt {+sad}. After a while they heard {+noise}, and then the bells of "
     "{town}, far below on the left.\n\"Now we know where to go,\" said {hero}. They tied the rope round their waists "
     "and"
     " went {+manner}, step by step, [always towards the bells|with one hand on the rock].",
     "When they came out of the fog, they saw the lights of {town}. Their families were already coming up the path "
     "with lanterns. \"[We did not reach the top|We never saw the top],\" said {friend}. \"[But we found the way "
     "back|The"
     " mountain will wait for us],\" said {hero}."},
    {"It had not rained for {+number} weeks, and the well of {town} was nearly dry. [The grass was brown.|Even the old"
     " {tree} let its leaves hang.] [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best "
     "friend, knew it too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, who lived next door, had heard of it as well.]",
     "{Hero} saw that {a critter} went up the hill every evening and came back with wet feet. \"It must know a place "
     "with water,\" {he} said to {friend}. They followed it {+manner}. The way led past the quarry, through thorns and "
     "over stones. [Twice they lost the trail.|{Friend} tore {fhis} sleeve, but went on.] At last they came to a rock,"
     " and behind it they heard a sound that they had almost forgotten: running water.\nThey ran back and told the "
     "{job}. {Jhe} did not believe them at first. But then {jhe} took a pipe and a spade and came along.",
     "{+Number} days later clear water ran into the well. [The whole town had a feast.|Everybody drank, and children "
     "danced in the wet street.] {Hero} took a full bucket up the hill and left it there for the {critter}."},
    {"[At the beginning of the {season}|{+Hour}] a storm drove a small boat onto the rocks near {town}. {Hero} saw it "
     "from the window. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it "
     "too.|{He} told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend "
     "{friend}.|{Friend}, "
     "who lived next door, had heard of it as well.]",
     "{He} ran to the harbour. \"There is somebody out there!\" {he} called. The {job} shook {jhis} head. \"The waves "
     "are"
     " too high,\" said the {job}. But {friend} had {a quality} bell and rang it until [all doors opened|people came "
     "from every street]. They made a chain, hand in hand, far out into the water. {Hero} threw a rope. [The first "
     "throw missed.|The wind blew it back.] The second time a hand caught it.\nThey pulled with all their strength, and"
     " little by little the boat came nearer. In it sat an old woman and {a animal}, both wet to the skin.",
     "They brought her to the fire and gave her {food}. \"I have sailed round the world,\" she said, \"but I have "
     "never "
     "seen so many hands on one rope.\" [She stayed for a week and told them stories.|She gave {hero} {a +thing} that "
     "had been in every ocean.]"},
    {"The {job} of {town} had {a beast} that would not obey anybody. [It bit the fence.|It ran in circles all day.] \"I"
     " shall have to sell it,\" said the {job}.",
     "\"Please let me try,\" said {hero}. {He} did not shout and did not pull. {He} only sat down {spot} with a book "
     "and"
     " read aloud, every day. On the first day the {beast} stayed far away. On the third day it [lay down a few steps "
     "from {him}|pricked up its ears]. On the seventh day it put its head on {his} knee.\n\"How did you do that?\" "
     "asked "
     "the {job}. \"[I did nothing|I waited],\" said {hero}. \"It was only lonely, and it wanted somebody to be quiet "
     "with.\"",
     "The {job} did not sell the {beast}. {Jhe} [learned to read stories to it|sat with it every evening]. And when "
     "{hero} walked by, the {beast} followed {him} to the end of the road."},
    {"The oldest {tree} of {town} was to be cut down, because [a new road was planned|it threw its shadow on the town "
     "hall]. [{His} best friend {friend} was the first to hear of it.|{Friend}, {his} best friend, knew it too.|{He} "
     "told {his} friend {friend} about it.|\"What do you think?\" {he} asked {his} friend {friend}.|{Friend}, who "
     "lived "
     "next door, had heard of it as well.]",
     "{Hero} had learned to climb in it, and so had {his} {kin}, long ago. {He} felt {+sad}. \"Trees cannot speak,\" "
     "said {friend}, \"so we must.\" They asked everybody in {town} for one memory of the {tree}. The {job} [had "
     "proposed marriage there|had hidden there from the rain as a child]. A little girl had buried her {+animal} "
     "there. They wrote each memory on a strip of {+colour} paper and tied it to a branch.\nOn the day of the cutting "
     "the {tree} had more than two hundred strips. They [rustled in the wind|fluttered like birds]. The men with the "
     "saws read one, and then another, and then they [put down their saws|went to find the mayor].",
     "The road was built round the {tree}. It is a strange bend, and strangers wonder about it. But [the people of "
     "{town} know why it is there|children in {town} still tie strips of paper to the branches]."},
    {"One night so much snow fell that [the drifts lay as high as the windows|the road out of {town} was closed], and "
     "just then {his} {kin} fell ill. {Friend} came to help with the fire.",
     "\"We need medicine from the next village,\" said {his} {kin}. {Hero} took {a quality} sled and went out, "
     "although "
     "{he} felt {+sad}. {+Weather} After an hour {he} could see nothing but white. Then {a critter} stood before "
     "{him}. It walked a few steps, stopped and looked back. \"[Shall I follow you?|Do you know the way?]\" asked "
     "{hero}. {He} had no better plan, and {he} followed.\nThe {critter} led {him} along a wall, round a frozen pond "
     "and straight to the door of the {job}, who gave {him} the medicine and {food} for the way back.",
     "{His} {kin} took the medicine and was well again after {+number} days. [{Hero} put a bowl in front of the house "
     "every night, and in the morning it was empty.|When the snow melted, {hero} looked for the {critter}, but {he} "
     "found only its tracks.]"},
    {"{Friend} did not believe that {a critter} could be clever. {Hero} did, and {+hour} they made a bet about it.",
     "{Hero} put {food} into a box with a lid and set it {spot}. They hid and waited. The {critter} came, [pushed the "
     "box with its nose|walked round it three times] and sat down to think. \"You see,\" whispered {friend}, \"it has "
     "no "
     "idea.\" But the {critter} only went to fetch a [stone|stick]. With that it lifted the lid, as if it had done so "
     "every day of its life.\nThen it ate everything, closed the lid again and [looked straight at the bush where they "
     "were hiding|walked away with its head held high].",
     "{Friend} had lost the bet and had to [carry {hero} home on {fhis} back|clean the shoes of {hero} for a week]. "
     "\"It is not the {critter} I am angry with,\" said {friend}. \"It is the way it looked at me.\" They both "
     "laughed."},
});

}  // namespace

std::span<const StoryPlot> naturePlots() {
    return kPlots;
}

}  // namespace gsst
