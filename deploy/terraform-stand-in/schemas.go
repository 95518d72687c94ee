package main

import (
	"encoding/json"
	"fmt"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// providerSchemas is what `terraform providers schema -json` says of one provider, with two words more: the provider's source, and what a data source is to find.
type providerSchemas struct {
	Source      string                                `json:"source"`
	Provider    blockHolder                           `json:"provider"`
	Resources   map[string]blockHolder                `json:"resource_schemas"`
	DataSources map[string]blockHolder                `json:"data_source_schemas"`
	Found       map[string]map[string]json.RawMessage `json:"found"`
}

type blockHolder struct {
	Block block `json:"block"`
}

type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type nestedBlock struct {
	Mode     string `json:"nesting_mode"`
	Block    block  `json:"block"`
	MinItems int64  `json:"min_items"`
	MaxItems int64  `json:"max_items"`
}

type attribute struct {
	Type     json.RawMessage `json:"type"`
	Nested   *nested         `json:"nested_type"`
	Required bool            `json:"required"`
	Optional bool            `json:"optional"`
	Computed bool            `json:"computed"`
}

type nested struct {
	Mode       string               `json:"nesting_mode"`
	Attributes map[string]attribute `json:"attributes"`
}

var attributeModes = map[string]tfprotov6.SchemaObjectNestingMode{
	"single": tfprotov6.SchemaObjectNestingModeSingle,
	"list":   tfprotov6.SchemaObjectNestingModeList,
	"set":    tfprotov6.SchemaObjectNestingModeSet,
	"map":    tfprotov6.SchemaObjectNestingModeMap,
}

var blockModes = map[string]tfprotov6.SchemaNestedBlockNestingMode{
	"single": tfprotov6.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov6.SchemaNestedBlockNestingModeList,
	"set":    tfprotov6.SchemaNestedBlockNestingModeSet,
}

func schemasOf(holders map[string]blockHolder) (map[string]*tfprotov6.Schema, error) {
	schemas := map[string]*tfprotov6.Schema{}
	for name, holder := range holders {
		found, err := schemaOf(holder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		schemas[name] = found
	}
	return schemas, nil
}

func schemaOf(holder blockHolder) (*tfprotov6.Schema, error) {
	found, err := blockOf(holder.Block)
	if err != nil {
		return nil, err
	}
	return &tfprotov6.Schema{Block: found}, nil
}

func blockOf(given block) (*tfprotov6.SchemaBlock, error) {
	attributes, err := attributesOf(given.Attributes)
	if err != nil {
		return nil, err
	}
	made := &tfprotov6.SchemaBlock{Attributes: attributes}
	for _, name := range sorted(given.Blocks) {
		inner := given.Blocks[name]
		mode, ok := blockModes[inner.Mode]
		if !ok {
			return nil, fmt.Errorf("%s: no mode of nesting is called %q", name, inner.Mode)
		}
		content, err := blockOf(inner.Block)
		if err != nil {
			return nil, fmt.Errorf("%s.%w", name, err)
		}
		made.BlockTypes = append(made.BlockTypes, &tfprotov6.SchemaNestedBlock{
			TypeName: name, Block: content, Nesting: mode, MinItems: inner.MinItems, MaxItems: inner.MaxItems,
		})
	}
	return made, nil
}

func attributesOf(given map[string]attribute) ([]*tfprotov6.SchemaAttribute, error) {
	made := []*tfprotov6.SchemaAttribute{}
	for _, name := range sorted(given) {
		one := given[name]
		attribute := &tfprotov6.SchemaAttribute{
			Name: name, Required: one.Required, Optional: one.Optional, Computed: one.Computed,
		}
		if one.Nested == nil {
			found, err := typeOf(one.Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			attribute.Type = found
		} else {
			mode, ok := attributeModes[one.Nested.Mode]
			if !ok {
				return nil, fmt.Errorf("%s: no mode of nesting is called %q", name, one.Nested.Mode)
			}
			inner, err := attributesOf(one.Nested.Attributes)
			if err != nil {
				return nil, fmt.Errorf("%s.%w", name, err)
			}
			attribute.NestedType = &tfprotov6.SchemaObject{Attributes: inner, Nesting: mode}
		}
		made = append(made, attribute)
	}
	return made, nil
}

// typeOf reads "string", or ["list", "string"].
func typeOf(text json.RawMessage) (tftypes.Type, error) {
	var name string
	if json.Unmarshal(text, &name) == nil {
		switch name {
		case "string":
			return tftypes.String, nil
		case "number":
			return tftypes.Number, nil
		case "bool":
			return tftypes.Bool, nil
		}
		return nil, fmt.Errorf("no type is called %q", name)
	}
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 || json.Unmarshal(pair[0], &name) != nil {
		return nil, fmt.Errorf("%s is no type", text)
	}
	element, err := typeOf(pair[1])
	if err != nil {
		return nil, err
	}
	switch name {
	case "list":
		return tftypes.List{ElementType: element}, nil
	case "set":
		return tftypes.Set{ElementType: element}, nil
	case "map":
		return tftypes.Map{ElementType: element}, nil
	}
	return nil, fmt.Errorf("no type is called %q", name)
}

func sorted[T any](given map[string]T) []string {
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
