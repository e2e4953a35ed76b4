"""Plain words for the labels that drafts wear: none of them praises or blames."""

from __future__ import annotations

_WORDS = """
acorn alder anchor apron arch aspen badger barrel basin beacon birch bison bobbin bramble bridge
bucket button cabin candle canoe cedar chalk cherry clay clover cobble copper cork cotton crane
cricket cypress daisy dune elder ember falcon fennel fern ferry finch flint garnet ginger glacier
gravel hammer harbour hazel heron hickory indigo iris ivy juniper kettle lagoon lantern larch
lemon lentil lichen linen lobster magnet maple marble meadow mitten mortar moss nettle nutmeg
oat ochre olive onion otter paddle pebble pepper pigeon pine plover poplar poppy quarry quartz
quill raven reed ribbon river robin saddle saffron sandal sorrel spindle spruce stork sumac
table tamarind teapot thistle thyme timber tulip umber valley velvet walnut willow wren yarrow
"""

WORDS: tuple[str, ...] = tuple(_WORDS.split())
