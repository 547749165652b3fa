using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using ChatKit.Testing;
using Microsoft.AspNetCore.Builder;

namespace ChatKit.AspNetCore.Tests;

/// <summary>The XML documentation that editors show to users of the packages.</summary>
public class DocumentationFileTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static TheoryData<Assembly> Libraries =>
    [
        typeof(WebSocketHandler).Assembly, typeof(WebSocketEndpointOptions).Assembly, typeof(MessageHistoryContract).Assembly,
        typeof(Monitor.MonitorOptions).Assembly,
    ];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void The_documentation_file_describes_exactly_the_public_members(Assembly library)
    {
        var documented = XDocument.Load(Path.ChangeExtension(library.Location, ".xml")).Descendants("member")
            .Select(static member => ((string)member.Attribute("name")!).Split('(', '~')[0])
            .ToHashSet();
        var visible = library.GetExportedTypes().SelectMany(static type => type.GetMembers(Declared).Where(IsVisible).Prepend(type)).ToList();

        Assert.Empty(documented.Except(visible.Select(NameOf)));
        Assert.Empty(visible.Where(IsWritten).Select(NameOf).Except(documented));
    }

    private static bool IsVisible(MemberInfo member) => member switch
    {
        Type => false, // Nested types are in the list of types.
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        EventInfo @event => IsVisible(@event.AddMethod!),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        _ => false,
    };

    /// <summary>Excludes members that the compiler adds, and overrides, which inherit their documentation.</summary>
    private static bool IsWritten(MemberInfo member) =>
        !member.IsDefined(typeof(CompilerGeneratedAttribute))
        && member is not FieldInfo { IsSpecialName: true }
        && member is not MethodBase { IsSpecialName: true } // Accessors, operators, and constructors, which can be default constructors.
        && (member is not MethodInfo method || method.GetBaseDefinition() == method);

    private static string NameOf(MemberInfo member)
    {
        var kind = member switch
        {
            Type => 'T',
            FieldInfo => 'F',
            EventInfo => 'E',
            PropertyInfo => 'P',
            _ => 'M',
        };
        var type = (member as Type ?? member.DeclaringType!).FullName!.Replace('+', '.');
        var arity = member is MethodInfo { IsGenericMethodDefinition: true } method ? $"``{method.GetGenericArguments().Length}" : "";
        return member is Type ? $"{kind}:{type}" : $"{kind}:{type}.{member.Name.Replace('.', '#')}{arity}";
    }
}
