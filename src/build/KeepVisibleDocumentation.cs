using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Xml.Linq;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Removes members from an XML documentation file that users of the assembly can't see. The compiler also writes internal and private
/// members, which would end up in the package. MSBuild compiles this file; see Directory.Build.targets.
/// </summary>
public sealed class KeepVisibleDocumentation : Task
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    [Required]
    public string DocumentationFile { get; set; }

    [Required]
    public string AssemblyFile { get; set; }

    [Required]
    public ITaskItem[] References { get; set; }

    public override bool Execute()
    {
        var document = XDocument.Load(DocumentationFile, LoadOptions.PreserveWhitespace);
        var visible = VisibleMembers();
        foreach (var member in document.Descendants("member").Where(member => !visible.Contains(member.Attribute("name").Value)).ToList())
        {
            if (member.PreviousNode is XText indentation)
                indentation.Remove();
            member.Remove();
        }

        using (var writer = new StreamWriter(DocumentationFile))
            document.Save(writer, SaveOptions.DisableFormatting);
        return true;
    }

    private HashSet<string> VisibleMembers()
    {
        // Tasks are compiled against .NET Standard, which has no MetadataLoadContext. MSBuild provides it.
        const string Library = ", System.Reflection.MetadataLoadContext";
        var paths = References.Select(reference => reference.ItemSpec).Append(AssemblyFile);
        var resolver = Activator.CreateInstance(Type.GetType("System.Reflection.PathAssemblyResolver" + Library, true), paths);
        var contextType = Type.GetType("System.Reflection.MetadataLoadContext" + Library, true);
        using (var context = (IDisposable)Activator.CreateInstance(contextType, resolver, null))
        {
            var assembly = (Assembly)contextType.GetMethod("LoadFromAssemblyPath").Invoke(context, new object[] { AssemblyFile });
            var types = assembly.GetTypes().Where(IsVisible).ToList();
            return new HashSet<string>(types.Select(type => "T:" + NameOf(type)).Concat(types.SelectMany(VisibleMembersOf)));
        }
    }

    private static IEnumerable<string> VisibleMembersOf(Type type)
    {
        foreach (var member in type.GetMembers(All))
        {
            if (member is FieldInfo field && (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly))
                yield return "F:" + NameOf(field);
            else if (member is EventInfo @event && IsVisible(@event.AddMethod))
                yield return "E:" + NameOf(@event);
            else if (member is PropertyInfo property && property.GetAccessors(nonPublic: true).Any(IsVisible))
                yield return "P:" + NameOf(property) + ListOf(property.GetIndexParameters());
            else if (member is MethodBase method && IsVisible(method))
                yield return "M:" + NameOf(method) + ArityOf(method) + ListOf(method.GetParameters()) + ConversionOf(method);
        }
    }

    private static bool IsVisible(Type type) =>
        type.IsPublic || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType));

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // The methods below create the ID strings of the C# standard, annex D.4.2.

    private static string NameOf(Type type) => type.FullName.Replace('+', '.');

    private static string NameOf(MemberInfo member) => NameOf(member.DeclaringType) + "." + member.Name.Replace('.', '#');

    private static string ArityOf(MethodBase method) => method.IsGenericMethod ? "``" + method.GetGenericArguments().Length : "";

    private static string ConversionOf(MethodBase method) =>
        method.Name is "op_Implicit" or "op_Explicit" ? "~" + ReferenceTo(((MethodInfo)method).ReturnType) : "";

    private static string ListOf(ParameterInfo[] parameters) =>
        parameters.Length == 0 ? "" : "(" + string.Join(",", parameters.Select(parameter => ReferenceTo(parameter.ParameterType))) + ")";

    private static string ReferenceTo(Type type)
    {
        if (type.IsByRef)
            return ReferenceTo(type.GetElementType()) + "@";
        if (type.IsPointer)
            return ReferenceTo(type.GetElementType()) + "*";
        if (type.IsArray)
            return ReferenceTo(type.GetElementType()) + (type.GetArrayRank() == 1 ? "[]" : "[" + string.Join(",", Enumerable.Repeat("0:", type.GetArrayRank())) + "]");
        if (type.IsGenericParameter)
            return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        if (!type.IsGenericType)
            return NameOf(type);

        // Each nested type takes its own part of the type arguments: Outer{A}.Inner{B}.
        var arguments = new Queue<string>(type.GetGenericArguments().Select(ReferenceTo));
        return string.Join(".", NameOf(type.GetGenericTypeDefinition()).Split('.').Select(part =>
        {
            var arity = part.IndexOf('`');
            return arity < 0
                ? part
                : part.Substring(0, arity) + "{" + string.Join(",", Enumerable.Range(0, int.Parse(part.Substring(arity + 1))).Select(_ => arguments.Dequeue())) + "}";
        }));
    }
}
