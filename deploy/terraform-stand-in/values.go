package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// withUnknowns leaves for the apply what the provider is to compute and nobody has given.
func withUnknowns(block *tfprotov6.SchemaBlock, value tftypes.Value) (tftypes.Value, error) {
	return unknownsOf(block.Attributes, value)
}

func unknownsOf(attributes []*tfprotov6.SchemaAttribute, value tftypes.Value) (tftypes.Value, error) {
	if !value.IsKnown() || value.IsNull() {
		return value, nil
	}
	members := map[string]tftypes.Value{}
	if err := value.As(&members); err != nil {
		return value, err
	}
	for _, attribute := range attributes {
		member := members[attribute.Name]
		switch {
		case attribute.Computed && member.IsNull():
			members[attribute.Name] = tftypes.NewValue(member.Type(), tftypes.UnknownValue)
		case attribute.NestedType != nil && member.IsKnown() && !member.IsNull():
			changed, err := nestedUnknowns(attribute.NestedType, member)
			if err != nil {
				return value, err
			}
			members[attribute.Name] = changed
		}
	}
	return tftypes.NewValue(value.Type(), members), nil
}

func nestedUnknowns(object *tfprotov6.SchemaObject, value tftypes.Value) (tftypes.Value, error) {
	if object.Nesting == tfprotov6.SchemaObjectNestingModeSingle {
		return unknownsOf(object.Attributes, value)
	}
	steps, members, err := elements(value)
	if err != nil {
		return value, err
	}
	named, listed := map[string]tftypes.Value{}, []tftypes.Value{}
	for index, member := range members {
		changed, err := unknownsOf(object.Attributes, member)
		if err != nil {
			return value, err
		}
		if key, ok := steps[index].(tftypes.ElementKeyString); ok {
			named[string(key)] = changed
		} else {
			listed = append(listed, changed)
		}
	}
	if object.Nesting == tfprotov6.SchemaObjectNestingModeMap {
		return tftypes.NewValue(value.Type(), named), nil
	}
	return tftypes.NewValue(value.Type(), listed), nil
}

// elements are a list's, a set's or a map's, each with the step to it.
func elements(value tftypes.Value) ([]tftypes.AttributePathStep, []tftypes.Value, error) {
	steps, members := []tftypes.AttributePathStep{}, []tftypes.Value{}
	if value.Type().Is(tftypes.Map{}) {
		named := map[string]tftypes.Value{}
		if err := value.As(&named); err != nil {
			return nil, nil, err
		}
		for _, name := range sorted(named) {
			steps, members = append(steps, tftypes.ElementKeyString(name)), append(members, named[name])
		}
		return steps, members, nil
	}
	if err := value.As(&members); err != nil {
		return nil, nil, err
	}
	for index, member := range members {
		if value.Type().Is(tftypes.Set{}) {
			steps = append(steps, tftypes.ElementKeyValue(member))
		} else {
			steps = append(steps, tftypes.ElementKeyInt(index))
		}
	}
	return steps, members, nil
}

// readOnlyGiven finds what is given although it is the provider's to compute.
func readOnlyGiven(attributes []*tfprotov6.SchemaAttribute, value tftypes.Value, path *tftypes.AttributePath) ([]*tftypes.AttributePath, error) {
	if !value.IsKnown() || value.IsNull() {
		return nil, nil
	}
	members := map[string]tftypes.Value{}
	if err := value.As(&members); err != nil {
		return nil, err
	}
	var found []*tftypes.AttributePath
	for _, attribute := range attributes {
		member, own := members[attribute.Name], path.WithAttributeName(attribute.Name)
		switch {
		case member.IsNull():
		case attribute.Computed && !attribute.Optional:
			found = append(found, own)
		case attribute.NestedType != nil && member.IsKnown():
			steps, objects := []tftypes.AttributePathStep{nil}, []tftypes.Value{member}
			if attribute.NestedType.Nesting != tfprotov6.SchemaObjectNestingModeSingle {
				var err error
				if steps, objects, err = elements(member); err != nil {
					return nil, err
				}
			}
			for index, object := range objects {
				inner := own
				if steps[index] != nil {
					inner = tftypes.NewAttributePathWithSteps(append(own.Steps(), steps[index]))
				}
				more, err := readOnlyGiven(attribute.NestedType.Attributes, object, inner)
				if err != nil {
					return nil, err
				}
				found = append(found, more...)
			}
		}
	}
	return found, nil
}

var made atomic.Int64

// withoutUnknowns makes up what is unknown: text that tells whose it is and is nobody else's.
func withoutUnknowns(typeName string, value tftypes.Value) (tftypes.Value, error) {
	number := made.Add(1)
	return tftypes.Transform(value, func(path *tftypes.AttributePath, one tftypes.Value) (tftypes.Value, error) {
		if one.IsKnown() {
			return one, nil
		}
		return madeUp(one.Type(), fmt.Sprintf("%s-%d%s", typeName, number, pathText(path))), nil
	})
}

func madeUp(of tftypes.Type, text string) tftypes.Value {
	switch known := of.(type) {
	case tftypes.Object:
		members := map[string]tftypes.Value{}
		for name, inner := range known.AttributeTypes {
			members[name] = madeUp(inner, text+"."+name)
		}
		return tftypes.NewValue(of, members)
	case tftypes.List, tftypes.Set:
		return tftypes.NewValue(of, []tftypes.Value{})
	case tftypes.Map:
		return tftypes.NewValue(of, map[string]tftypes.Value{})
	}
	switch {
	case of.Is(tftypes.Number):
		return tftypes.NewValue(of, 1)
	case of.Is(tftypes.Bool):
		return tftypes.NewValue(of, false)
	}
	if strings.HasSuffix(text, "arn") {
		// What it is of is taken out of it, by its colons and by its slashes.
		return tftypes.NewValue(of, "arn:aws:made-up:us-east-1:123456789012:kind:"+text+"/first/second")
	}
	return tftypes.NewValue(of, text)
}

func pathText(path *tftypes.AttributePath) string {
	names := []string{""}
	for _, step := range path.Steps() {
		if name, ok := step.(tftypes.AttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// withFound puts what schemas.json says that the data source finds.
func withFound(value tftypes.Value, found map[string]json.RawMessage) (tftypes.Value, error) {
	members := map[string]tftypes.Value{}
	if err := value.As(&members); err != nil {
		return value, err
	}
	for name, text := range found {
		member, ok := members[name]
		if !ok {
			return value, fmt.Errorf("what is found has %s, and the schema has not", name)
		}
		known, err := tfprotov6.RawState{JSON: text}.Unmarshal(member.Type())
		if err != nil {
			return value, fmt.Errorf("%s: %w", name, err)
		}
		members[name] = known
	}
	return tftypes.NewValue(value.Type(), members), nil
}
