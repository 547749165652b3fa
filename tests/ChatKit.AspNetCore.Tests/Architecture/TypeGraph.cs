using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace ChatKit.AspNetCore.Tests.Architecture;

/// <summary>
/// Which types of some assemblies use which others: in their bases, their members' signatures, or their code. What the compiler generates, and what
/// is nested in a type, belongs to that type.
/// </summary>
internal sealed class TypeGraph
{
    private readonly Dictionary<string, HashSet<string>> _uses = [];

    private TypeGraph(IEnumerable<TypeDefinition> types)
    {
        foreach (var type in types)
            _uses[type.FullName] = [];
        foreach (var type in types)
            Visit(type, _uses[type.FullName]);
        foreach (var (type, used) in _uses)
        {
            used.IntersectWith(_uses.Keys);
            used.Remove(type);
        }
    }

    /// <summary>For each type, the types that it uses.</summary>
    public IReadOnlyDictionary<string, HashSet<string>> Uses => _uses;

    public static TypeGraph Of(params Assembly[] assemblies) => new(
        [.. assemblies
            .SelectMany(static assembly => AssemblyDefinition.ReadAssembly(assembly.Location).MainModule.Types)
            .Where(static type => type.BaseType?.Name != "JsonSerializerContext")]); // Generated, in the file of the type that it reads.

    /// <summary>The groups of types that use each other in a circle.</summary>
    public IReadOnlyList<string[]> Circles()
    {
        var reachable = _uses.Keys.ToDictionary(static type => type, Reachable);
        return
        [
            .. _uses.Keys
                .Where(type => reachable[type].Contains(type))
                .GroupBy(type => string.Join(", ", reachable[type].Where(other => reachable[other].Contains(type)).Order()))
                .Select(static group => group.Order().ToArray()),
        ];
    }

    private HashSet<string> Reachable(string type)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>(_uses[type]);
        while (open.TryPop(out var next))
        {
            if (!seen.Add(next))
                continue;
            foreach (var used in _uses[next])
                open.Push(used);
        }

        return seen;
    }

    private static void Visit(TypeDefinition type, HashSet<string> used)
    {
        Add(type.BaseType, used);
        foreach (var implemented in type.Interfaces)
            Add(implemented.InterfaceType, used);
        foreach (var field in type.Fields)
            Add(field.FieldType, used);
        foreach (var method in type.Methods)
            Visit(method, used);
        foreach (var nested in type.NestedTypes)
            Visit(nested, used);
    }

    private static void Visit(MethodDefinition method, HashSet<string> used)
    {
        Add(method.ReturnType, used);
        foreach (var parameter in method.Parameters)
            Add(parameter.ParameterType, used);
        if (!method.HasBody)
            return;
        foreach (var local in method.Body.Variables)
            Add(local.VariableType, used);
        foreach (var instruction in method.Body.Instructions)
            Visit(instruction, used);
    }

    private static void Visit(Instruction instruction, HashSet<string> used)
    {
        switch (instruction.Operand)
        {
            case TypeReference type:
                Add(type, used);
                break;
            case MethodReference method:
                Add(method.DeclaringType, used);
                if (method is GenericInstanceMethod generic)
                    Add(generic.GenericArguments, used);
                break;
            case FieldReference field:
                Add(field.DeclaringType, used);
                break;
        }
    }

    private static void Add(IEnumerable<TypeReference> types, HashSet<string> used)
    {
        foreach (var type in types)
            Add(type, used);
    }

    private static void Add(TypeReference? type, HashSet<string> used)
    {
        if (type is null)
            return;
        if (type is GenericInstanceType generic)
            Add(generic.GenericArguments, used);
        type = type.GetElementType();
        while (type.DeclaringType is { } outer)
            type = outer;
        used.Add(type.FullName);
    }
}
